import test from 'ava';
import { type Call, type Item, Scheduler } from '../../lib/scheduler/scheduler.ts';

const limits = { batchSize: 2, maxBatchTokens: 1000 };

/** Stands for the streams: batches are held until the test settles them. */
class HeldRun {
  readonly batches: {
    texts: number[][];
    resolve: () => void;
    reject: (error: Error) => void;
  }[] = [];

  readonly run = (batch: readonly Item[]): Promise<void> =>
    new Promise((resolve, reject) => {
      this.batches.push({ texts: batch.map((item) => [...item.ids]), resolve, reject });
    });
}

const item = (...ids: number[]): Item => ({ ids, row: new Float32Array(1) });
const turn = () => new Promise((resolve) => setImmediate(resolve));

function call(written: number[] = []): Call {
  return { limits, onWritten: (items) => written.push(items.length) };
}

test('a lone text runs at once', (t) => {
  const held = new HeldRun();
  void new Scheduler(held.run, 1).submit(call(), [item(1)]);
  t.deepEqual(held.batches[0]?.texts, [[1]]);
});

test('no items are done at once', async (t) => {
  await t.notThrowsAsync(new Scheduler(new HeldRun().run, 1).submit(call(), []));
});

test('one batch runs and one is prepared per stream; the rest waits', async (t) => {
  const held = new HeldRun();
  const scheduler = new Scheduler(held.run, 1);
  const done = scheduler.submit(call(), [item(1), item(2), item(3), item(4), item(5)]);
  t.is(held.batches.length, 2);
  held.batches[0]?.resolve();
  await turn();
  t.is(held.batches.length, 3);
  held.batches[1]?.resolve();
  held.batches[2]?.resolve();
  await t.notThrowsAsync(done);
});

test('texts of different callers share a batch, and each caller is told of its own', async (t) => {
  const held = new HeldRun();
  const scheduler = new Scheduler(held.run, 1);
  const written: number[][] = [[], [], [], []];
  const done = written.map((list, i) => scheduler.submit(call(list), [item(i)]));
  t.deepEqual(
    held.batches.map((batch) => batch.texts),
    [[[0]], [[1]]],
  );
  held.batches[0]?.resolve();
  await turn();
  t.deepEqual(held.batches[2]?.texts, [[2], [3]]);
  for (const batch of held.batches) batch.resolve();
  await Promise.all(done);
  t.deepEqual(written, [[1], [1], [1], [1]]);
});

test('a batch that fails rejects its callers, whose other texts never run', async (t) => {
  const held = new HeldRun();
  const scheduler = new Scheduler(held.run, 1);
  const bad = scheduler.submit(call(), [
    item(1, 1),
    item(2, 2),
    item(3, 3),
    item(4, 4),
    item(5, 5),
  ]);
  const good = scheduler.submit(call(), [item(6)]);
  held.batches[0]?.reject(new Error('broken'));
  await t.throwsAsync(bad, { message: 'broken' });
  held.batches[1]?.resolve();
  await turn();
  t.deepEqual(held.batches[2]?.texts, [[6]]);
  held.batches[2]?.resolve();
  await t.notThrowsAsync(good);
});

test('a caller whose own callback throws fails alone', async (t) => {
  const held = new HeldRun();
  const scheduler = new Scheduler(held.run, 1);
  const first = scheduler.submit(call(), [item(0)]);
  const second = scheduler.submit(call(), [item(0)]);
  const throwing: Call = {
    limits,
    onWritten() {
      throw new Error('in the callback');
    },
  };
  const bad = scheduler.submit(throwing, [item(1)]);
  const good = scheduler.submit(call(), [item(2)]);
  held.batches[0]?.resolve();
  await turn();
  t.deepEqual(held.batches[2]?.texts, [[1], [2]]);
  for (const batch of held.batches) batch.resolve();
  await t.throwsAsync(bad, { message: 'in the callback' });
  await Promise.all([first, second, good]);
});
