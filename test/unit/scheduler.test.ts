import test from 'ava';
import { createError } from '../../lib/errors.ts';
import type { BatchItem } from '../../lib/scheduler/batch-runner.ts';
import { HeldScheduler, request, turns } from '../support/held-scheduler.ts';

test('a lone text runs at once and its row is written', async (t) => {
  const held = new HeldScheduler();
  const one = request([5]);
  const done = held.scheduler.submit(one);
  await turns();
  t.deepEqual(held.texts, [[5]]);
  await held.finish();
  await done;
  t.deepEqual(Array.from(one.rows[0] as Float32Array), [5]);
});

test('no texts are done at once', async (t) => {
  await t.notThrowsAsync(new HeldScheduler().scheduler.submit(request([])));
});

test('texts that arrive in one turn are tokenized together', async (t) => {
  const held = new HeldScheduler();
  for (let i = 0; i < 10; i++) void held.scheduler.submit(request([5]));
  await turns();
  t.deepEqual(held.tokenizer.batches, [10]);
  await held.finish();
});

test('one batch runs and one is prepared per stream; the rest gathers', async (t) => {
  const held = new HeldScheduler({ streams: 2 });
  const calls = Array.from({ length: 40 }, () => held.scheduler.submit(request([50])));
  await turns();
  t.is(held.batches.length, 4);
  t.is(held.scheduler.stats().runningBatches, 4);
  await held.finish();
  await Promise.all(calls);
  t.is(held.scheduler.stats().runningBatches, 0);
});

test('callers share batches, and batches grow while the streams are busy', async (t) => {
  const held = new HeldScheduler();
  const first = [held.scheduler.submit(request([10])), held.scheduler.submit(request([20]))];
  await turns();
  const later = Array.from({ length: 10 }, () => held.scheduler.submit(request([10])));
  await turns();
  t.deepEqual(held.texts, [[10], [20]]);
  await held.finish();
  t.deepEqual(held.texts[2], new Array(10).fill(10));
  await Promise.all([...first, ...later]);
});

test('interactive batches are urgent, bulk ones are not', async (t) => {
  const held = new HeldScheduler();
  void held.scheduler.submit(request([5]));
  void held.scheduler.submit(request([50, 50, 50], { priority: 'bulk' }));
  void held.scheduler.submit(request([7, 7], { priority: 'bulk' }));
  void held.scheduler.submit(request([60, 60, 60], { priority: 'interactive' }));
  await turns();
  const urgent = held.batches.filter((batch) => batch.urgent).flatMap((batch) => batch.texts);
  t.true(urgent.every((tokens) => tokens === 5 || tokens === 60));
  t.false(
    held.batches
      .filter((batch) => !batch.urgent)
      .flatMap((batch) => batch.texts)
      .includes(60),
  );
  await held.finish();
});

test('by default one text is interactive, and so is a list that fits a batch; a longer list is bulk', async (t) => {
  const held = new HeldScheduler();
  const long = 'x'.repeat(80); // estimated at 22 tokens
  const tokenizer = { encodeBatch: async (texts: readonly string[]) => texts.map(() => [1]) };
  Object.assign(held.tokenizer, tokenizer);
  void held.scheduler.submit(request([long.repeat(100)]));
  void held.scheduler.submit(request([long, long]));
  await turns();
  t.true(held.batches.every((batch) => batch.urgent));
  void held.scheduler.submit(request([long, long, long, long, long]));
  await turns();
  t.false(held.batches.at(-1)?.urgent);
  await held.finish();
});

test('interactive texts do not wait for bulk ones that came before', async (t) => {
  const held = new HeldScheduler();
  const bulk = held.scheduler.submit(request(new Array(50).fill(50), { priority: 'bulk' }));
  await turns();
  t.is(held.batches.length, 2);
  const interactive = held.scheduler.submit(request([5]));
  await turns();
  t.deepEqual(held.texts[2], [5]);
  held.batches[2]?.resolve();
  await interactive;
  await held.finish();
  await bulk;
});

test('calls take turns: an eleventh bulk caller runs before the ten before it are done', async (t) => {
  const held = new HeldScheduler();
  const alone = { batchSize: 1, maxBatchTokens: 100 };
  const big = (tokens: number) =>
    request(new Array(20).fill(tokens), { priority: 'bulk', limits: alone });
  const ten = Array.from({ length: 10 }, () => held.scheduler.submit(big(10)));
  await turns();
  const eleventh = held.scheduler.submit(big(11));
  await turns();
  await held.finish();
  await Promise.all([...ten, eleventh]);
  const places = held.texts.flatMap(([tokens], i) => (tokens === 11 ? [i] : []));
  t.true((places[0] as number) <= 2 + 11, `first at ${places[0]}`);
  places.slice(1).forEach((place, i) => {
    t.true(place - (places[i] as number) <= 11, `${places}`);
  });
});

test('a text is passed over at most once per call that waited', async (t) => {
  const held = new HeldScheduler();
  const limits = { batchSize: 1, maxBatchTokens: 100 };
  for (let i = 0; i < 5; i++) void held.scheduler.submit(request([10], { limits }));
  await turns();
  void held.scheduler.submit(request([90], { limits }));
  await turns();
  // Ever more callers whose texts would fit together better.
  for (let batch = 0; batch < 8; batch++) {
    void held.scheduler.submit(request([10], { limits }));
    held.batches[batch]?.resolve();
    await turns();
  }
  const place = held.texts.findIndex(([tokens]) => tokens === 90);
  t.true(place >= 0 && place <= 5, `at ${place}`);
  await held.finish();
});

test('a long list is tokenized a little ahead of need, not at once', async (t) => {
  const held = new HeldScheduler();
  const done = held.scheduler.submit(request(new Array(5000).fill(50)));
  await turns(200);
  const ahead = held.tokenizer.batches.reduce((sum, count) => sum + count, 0);
  t.true(ahead >= 1024 && ahead <= 1024 + 256 + 8, `${ahead} texts`);
  await held.finish();
  await done;
  t.is(
    held.tokenizer.batches.reduce((sum, count) => sum + count, 0),
    5000,
  );
});

test('with maxQueueDelayMs texts wait for others, but not longer, nor with a full batch', async (t) => {
  const held = new HeldScheduler({ maxQueueDelayMs: 10 });
  void held.scheduler.submit(request([10]));
  await turns();
  t.is(held.batches.length, 0);
  held.clock.advance(9);
  void held.scheduler.submit(request([10]));
  await turns();
  t.is(held.batches.length, 0);
  held.clock.advance(1);
  await turns();
  t.deepEqual(held.texts, [[10, 10]]);
  for (let i = 0; i < 10; i++) void held.scheduler.submit(request([10]));
  await turns();
  t.deepEqual(held.texts[1], new Array(10).fill(10));
  await held.finish();
});

test('a batch that fails is split until the culprit stands alone; the others are written', async (t) => {
  const run = async (batch: readonly BatchItem[]) => {
    if (batch.some((item) => item.ids.length === 13)) throw new Error('thirteen');
    for (const { ids, row } of batch) row[0] = ids.length;
  };
  const held = new HeldScheduler({}, { run });
  const good = Array.from({ length: 7 }, () => request([13 - 1]));
  const bad = request([13]);
  const outcomes = await Promise.allSettled(
    [...good.slice(0, 3), bad, ...good.slice(3)].map((each) => held.scheduler.submit(each)),
  );
  t.deepEqual(
    outcomes.map(({ status }) => status),
    [
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ],
  );
  for (const { rows } of good) t.is(rows[0]?.[0], 12);
  t.is(held.scheduler.stats().queuedTexts, 0);
});

test('a text that the tokenizer refuses fails alone', async (t) => {
  const held = new HeldScheduler();
  const good = [held.scheduler.submit(request([5])), held.scheduler.submit(request([6, 7]))];
  const bad = held.scheduler.submit(request([8, 'not a number']));
  const rejected = t.throwsAsync(bad, { message: 'no number: not a number' });
  await turns(20);
  await held.finish();
  await rejected;
  await t.notThrowsAsync(Promise.all(good));
});

test('without memory a batch is split, nobody fails, and batches stay smaller for a while', async (t) => {
  const sizes: number[] = [];
  const run = async (batch: readonly BatchItem[]) => {
    sizes.push(batch.length);
    if (batch.length > 4) throw createError('ST_OUT_OF_MEMORY', 'too much');
  };
  const held = new HeldScheduler({}, { run });
  await held.scheduler.submit(request(new Array(10).fill(10)));
  t.deepEqual(sizes, [10, 5, 2, 3, 5, 2, 3]);
  sizes.length = 0;
  await held.scheduler.submit(request(new Array(10).fill(10)));
  t.true(Math.max(...sizes) <= 2, `${sizes}`);
  held.clock.advance(60_000);
  sizes.length = 0;
  await held.scheduler.submit(request(new Array(4).fill(10)));
  t.deepEqual(sizes, [4]);
});

test('a caller whose own callback throws fails alone', async (t) => {
  const held = new HeldScheduler();
  const throwing = request([10], {
    onWritten() {
      throw new Error('in the callback');
    },
  });
  const bad = held.scheduler.submit(throwing);
  const good = held.scheduler.submit(request([10]));
  const rejected = t.throwsAsync(bad, { message: 'in the callback' });
  await turns();
  await held.finish();
  await rejected;
  await good;
});

test('without padding texts of any lengths share a batch as they came, and none of it counts as padding', async (t) => {
  const held = new HeldScheduler({ paddingFree: true });
  const call = held.scheduler.submit(request([5, 60, 1, 30, 9]));
  await turns();
  t.deepEqual(held.texts, [[5, 60, 1, 30], [9]]);
  await held.finish();
  await call;
  const { tokens, paddedTokens, paddingShare } = held.scheduler.stats();
  t.deepEqual(
    { tokens, paddedTokens, paddingShare },
    { tokens: 105, paddedTokens: 105, paddingShare: 0 },
  );
});

test('a text of very many characters is work in bulk, whatever its tokens', async (t) => {
  const held = new HeldScheduler({ streams: 1 });
  const huge = held.scheduler.submit(request(['7'.padStart(70_000, '0')]));
  await turns();
  t.false(held.batches[0]?.urgent);
  await held.finish();
  await huge;
});
