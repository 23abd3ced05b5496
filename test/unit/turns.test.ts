import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import { StepGauge, type Steps, stepValues, Turns } from '../../lib/search/turns.ts';

/** An event loop whose turns are taken by hand, and whose clock goes on by a millisecond each time it is read. */
class HeldLoop {
  #time = 0;
  #later: (() => void)[] = [];
  now(): number {
    return this.#time++;
  }
  later(callback: () => void): void {
    this.#later.push(callback);
  }
  /** Takes one turn; how many callbacks there were. */
  turn(): number {
    const due = this.#later;
    this.#later = [];
    for (const callback of due) callback();
    return due.length;
  }
}

function* noting(name: string, steps: number, log: string[]): Steps<string> {
  for (let i = 0; i < steps; i++) {
    log.push(name);
    yield;
  }
  return name;
}

test('what is done in one step is there at once', async (t) => {
  const loop = new HeldLoop();
  t.is(await new Turns(loop).run(noting('a', 0, []), undefined), 'a');
  t.is(loop.turn(), 0);
});

test('all computations together take one short turn at a time, one after another', async (t) => {
  const loop = new HeldLoop();
  const turns = new Turns(loop);
  const log: string[] = [];
  const all = Promise.all(
    ['a', 'b', 'c'].map((name) => turns.run(noting(name, 9, log), undefined)),
  );
  t.deepEqual(log.splice(0), ['a', 'b', 'c']); // the first step of each
  const seen: string[] = [];
  while (loop.turn() > 0) {
    t.true(log.length <= 4);
    seen.push([...new Set(log.splice(0))].join());
  }
  t.deepEqual(await all, ['a', 'b', 'c']);
  t.deepEqual(seen.slice(0, 4), ['a', 'b', 'c', 'a']);
  t.true(seen.length >= 9);
});

test('what fails, rejects that computation alone', async (t) => {
  const loop = new HeldLoop();
  const turns = new Turns(loop);
  function* failing(): Steps<void> {
    yield;
    throw new Error('mine');
  }
  const bad = turns.run(failing(), undefined);
  const good = turns.run(noting('good', 5, []), undefined);
  while (loop.turn() > 0);
  await t.throwsAsync(bad, { message: 'mine' });
  t.is(await good, 'good');
});

test('an aborted computation takes no further step', async (t) => {
  const loop = new HeldLoop();
  const log: string[] = [];
  const controller = new AbortController();
  const run = new Turns(loop).run(noting('a', 99, log), controller.signal);
  controller.abort();
  while (loop.turn() > 0);
  await t.throwsAsync(run, { code: 'ST_ABORTED' });
  t.deepEqual(log, ['a']);
});

test('a signal that throws when it is asked is a coded error', async (t) => {
  const mine = new Error('mine');
  const signal = {
    get aborted(): boolean {
      throw mine;
    },
  } as AbortSignal;
  const error = await t.throwsAsync(new Turns(new HeldLoop()).run(noting('a', 9, []), signal), {
    code: 'ST_INVALID_OPTION',
  });
  t.is(error?.cause, mine);
});

test('each step runs in the context of its caller', async (t) => {
  const loop = new HeldLoop();
  const turns = new Turns(loop);
  const storage = new AsyncLocalStorage<string>();
  function* stores(): Steps<(string | undefined)[]> {
    const seen = [storage.getStore()];
    yield;
    seen.push(storage.getStore());
    return seen;
  }
  const one = storage.run('one', () => turns.run(stores(), undefined));
  const other = storage.run('other', () => turns.run(stores(), undefined));
  while (loop.turn() > 0);
  t.deepEqual(await one, ['one', 'one']);
  t.deepEqual(await other, ['other', 'other']);
});

test('a gauge tells when the work makes a step', (t) => {
  const gauge = new StepGauge();
  t.false(gauge.add(stepValues - 1));
  t.true(gauge.add(1));
  t.false(gauge.add(1));
});
