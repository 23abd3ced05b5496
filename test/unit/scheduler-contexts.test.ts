import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel from 'node:diagnostics_channel';
import test from 'ava';
import { HeldScheduler, request, turns } from '../support/held-scheduler.ts';

test('batches are cut, tokenized and run in the context of no caller', async (t) => {
  const store = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const run = async () => void seen.push(store.getStore());
  const held = new HeldScheduler({}, { run });
  const { encodeBatch } = held.tokenizer;
  held.tokenizer.encodeBatch = (texts) => {
    seen.push(store.getStore());
    return encodeBatch.call(held.tokenizer, texts);
  };
  await store.run('first', () => held.scheduler.submit(request([5])));
  await Promise.all(
    ['a', 'b'].map((name) => store.run(name, () => held.scheduler.submit(request([60])))),
  );
  t.true(seen.length >= 4);
  t.deepEqual(new Set(seen), new Set([undefined]));
});

test('what a call reports is reported in the context of its own caller, however it ends', async (t) => {
  const store = new AsyncLocalStorage<string>();
  const reported: unknown[] = [];
  const published: unknown[] = [];
  const onCall = (event: unknown) => {
    const { model, texts, code } = event as { model: string; texts: number; code?: string };
    if (model === 'contexts') published.push([store.getStore(), texts, code]);
  };
  diagnosticsChannel.subscribe('sentence-torch:call', onCall);
  const held = new HeldScheduler({ name: 'contexts', paddingFree: true });
  const controller = new AbortController();
  const submit = (name: string, texts: number, control = {}) =>
    store.run(name, () => {
      const onWritten = () => reported.push([name, store.getStore()]);
      return held.scheduler.submit(request(new Array(texts).fill(5), { onWritten }), control);
    });
  const calls = [
    submit('a', 1),
    submit('b', 2),
    submit('late', 3, { timeoutMs: 1 }),
    submit('aborted', 4, { signal: controller.signal }),
  ];
  const outcomes = Promise.allSettled(calls);
  await turns();
  store.run('who aborts', () => controller.abort());
  store.run('the clock', () => held.clock.advance(1));
  await store.run('who settles', () => held.finish());
  await outcomes;
  diagnosticsChannel.unsubscribe('sentence-torch:call', onCall);
  t.deepEqual(reported, [
    ['a', 'a'],
    ['b', 'b'],
  ]);
  t.deepEqual(published, [
    ['aborted', 4, 'ST_ABORTED'],
    ['late', 3, 'ST_TIMEOUT'],
    ['a', 1, undefined],
    ['b', 2, undefined],
  ]);
});
