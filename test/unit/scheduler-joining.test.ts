import test from 'ava';
import { Batch } from '../../lib/scheduler/batch.ts';
import { Call } from '../../lib/scheduler/call.ts';
import { Item } from '../../lib/scheduler/lane.ts';
import { type HeldBatch, HeldScheduler, request, turns } from '../support/held-scheduler.ts';

test('texts that come while all streams are busy join a batch that waits for one, as long as it has room', async (t) => {
  const held = new HeldScheduler({}, { begun: false });
  const calls = [held.scheduler.submit(request([60]))];
  await turns();
  calls.push(held.scheduler.submit(request([60])));
  await turns();
  t.deepEqual(held.texts, [[60], [60]], 'the first one would be too long');
  (held.batches[0] as HeldBatch).begun = true;
  calls.push(held.scheduler.submit(request([58])));
  await turns();
  t.deepEqual(held.texts, [[60], [60]], 'no room');
  (held.batches[1] as HeldBatch).begun = true;
  held.batches[0]?.resolve();
  await turns();
  t.deepEqual(held.texts, [[60], [60], [58]]);
  calls.push(held.scheduler.submit(request([40, 39])));
  await held.finish();
  await Promise.all(calls);
});

test('a text joins what waits, and is written with it', async (t) => {
  const held = new HeldScheduler({}, { begun: false });
  const first = held.scheduler.submit(request([10]));
  await turns();
  const [a, b] = [request([9]), request([10])];
  const joined = [held.scheduler.submit(a), held.scheduler.submit(b)];
  await turns();
  t.deepEqual(held.texts, [[10, 10, 9]]);
  t.is(held.scheduler.stats().runningBatches, 1);
  await held.finish();
  await Promise.all([first, ...joined]);
  t.deepEqual([a.rows[0]?.[0], b.rows[0]?.[0]], [9, 10]);
  t.is(held.scheduler.stats().tokens, 29);
});

test('each stream gets a batch of its own to come before texts join one, and then the smallest', async (t) => {
  const held = new HeldScheduler({ streams: 2, paddingFree: true }, { begun: false });
  const calls: Promise<void>[] = [];
  for (const tokens of [1, 2, 30, 20, 10, 5]) {
    calls.push(held.scheduler.submit(request([tokens])));
    await turns();
    if (tokens <= 2) (held.batches.at(-1) as HeldBatch).begun = true;
  }
  t.deepEqual(held.texts, [[1], [2], [30, 5], [20, 10]]);
  await held.finish();
  await Promise.all(calls);
});

test('while bulk texts wait, interactive ones share one batch', async (t) => {
  const held = new HeldScheduler({ streams: 2, paddingFree: true }, { begun: false });
  const bulk = held.scheduler.submit(request(new Array(60).fill(10), { priority: 'bulk' }));
  await turns();
  const calls = [55, 7].map((tokens) => held.scheduler.submit(request([tokens])));
  await turns();
  calls.push(held.scheduler.submit(request([9])));
  await turns();
  t.deepEqual(
    held.batches.filter((batch) => batch.urgent).map((batch) => batch.texts),
    [[55, 7, 9]],
  );
  await held.finish();
  await Promise.all([bulk, ...calls]);
});

test('bulk texts ride in an interactive batch until it is five eighths full', async (t) => {
  const held = new HeldScheduler({ paddingFree: true });
  const bulk = held.scheduler.submit(request(new Array(40).fill(10), { priority: 'bulk' }));
  await turns();
  t.deepEqual(held.texts, [new Array(10).fill(10), new Array(10).fill(10)]);
  const interactive = held.scheduler.submit(request([15]));
  await turns();
  t.deepEqual(held.texts[2], [15, 10, 10, 10, 10]);
  t.true(held.batches[2]?.urgent);
  held.batches[2]?.resolve();
  await interactive;
  await held.finish();
  await bulk;
});

test('texts that a batch fails to take run in one of their own', async (t) => {
  const held = new HeldScheduler({ paddingFree: true }, { begun: false, extend: 'throws' });
  const first = held.scheduler.submit(request([10]));
  await turns();
  const late = request([20]);
  const second = held.scheduler.submit(late);
  await turns();
  t.deepEqual(held.texts, [[10], [20]]);
  await held.finish();
  await Promise.all([first, second]);
  t.is(late.rows[0]?.[0], 20);
});

test('a batch takes very many texts at once', (t) => {
  const call = new Call(request([1]), 0, 1);
  const item = new Item(call, [1], new Float32Array(1), 0);
  const batch = new Batch('bulk', new Array(300_000).fill(item));
  t.is(batch.items.length, 300_000);
  t.is(batch.load.tokens, 300_000);
});
