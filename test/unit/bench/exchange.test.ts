import test from 'ava';
import { type Request, replyTo } from '../../../bench/contender/engine/requests.ts';
import { Exchange } from '../../../bench/contender/exchange.ts';

interface Tasks {
  double: { options: number; result: number };
  fail: { options: string; result: never };
}

const handlers = {
  double: (by: number, options: number) => 2 * options + by,
  fail: (_: number, options: string) => Promise.reject(new Error(options)),
};

function exchange() {
  const sent: Request<Tasks>[] = [];
  return { sent, exchange: new Exchange<Tasks>((request) => sent.push(request)) };
}

test('each question gets its own answer, in whatever order they come', async (t) => {
  const { sent, exchange: asker } = exchange();
  const answers = [asker.ask('double', 1), asker.ask('double', 2)];
  for (const request of sent.reverse()) asker.settle(await replyTo(handlers, 10, request));
  t.deepEqual(await Promise.all(answers), [12, 14]);
});

test('what fails there is an error here, with what it said', async (t) => {
  const { sent, exchange: asker } = exchange();
  const answer = asker.ask('fail', 'no such file');
  asker.settle(await replyTo(handlers, 0, sent[0] as Request<Tasks>));
  await t.throwsAsync(answer, { message: /no such file\n +at / });
});

test('the first reply comes unasked', async (t) => {
  const { exchange: asker } = exchange();
  asker.settle({ id: 0, result: 'ready' });
  t.is(await asker.ready, 'ready');
});

test('a process that ended answers nothing, neither what waits nor what is asked later', async (t) => {
  const { sent, exchange: asker } = exchange();
  asker.settle({ id: 0, result: 'ready' });
  const waiting = asker.ask('double', 1);
  asker.end(new Error('killed'));
  asker.end(new Error('closed'));
  await t.throwsAsync(waiting, { message: 'killed' });
  await t.throwsAsync(asker.ask('double', 2), { message: 'killed' });
  t.is(sent.length, 1);
});
