import diagnosticsChannel from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import test from 'ava';
import type { Session } from '../../binding.d.ts';
import { type BatchEvent, type CallEvent, SentenceTransformer } from '../../lib/index.ts';
import { loadAddon } from '../../lib/native/addon.ts';
import { fixture, goldenTexts } from '../support/fixtures.ts';
import { maxAbsDiff } from '../support/vectors.ts';

const texts = goldenTexts();
const load = (name = 'golden/mean', options = {}) =>
  SentenceTransformer.load(fixture(name), { device: 'cpu', ...options });

test('one bad text fails alone: other callers in its batch get equal embeddings', async (t) => {
  await using model = await load('odd/raises');
  const alone = await model.encode('a good text');
  const outcomes = await Promise.allSettled(
    ['a good text', 'bad?', 'a good text', 'a good text'].map((text) => model.encode(text)),
  );
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') t.true(maxAbsDiff([outcome.value], [alone]) <= 1e-6);
    else t.is(outcome.reason.code, 'ST_FORWARD_FAILED');
  }
});

test('encodeStream gives what encode gives, in order', async (t) => {
  await using model = await load();
  const list = Array.from({ length: 1000 }, (_, i) => texts[i % texts.length] as string);
  const streamed: Float32Array[] = [];
  for await (const embedding of model.encodeStream(list)) streamed.push(embedding);
  t.true(maxAbsDiff(streamed, await model.encode(list)) <= 1e-5);
});

test('encodeStream works with Readable.from and pipeline', async (t) => {
  await using model = await load();
  let count = 0;
  await pipeline(
    Readable.from(texts),
    (source) => model.encodeStream(source as AsyncIterable<string>, { truncateDim: 4 }),
    async (embeddings: AsyncIterable<Float32Array>) => {
      for await (const embedding of embeddings) {
        t.is(embedding.length, 4);
        count++;
      }
    },
  );
  t.is(count, texts.length);
});

test('encodeStream refuses what is no source, and options it does not have, at once', async (t) => {
  await using model = await load();
  for (const source of ['text', 5, null, {}]) {
    t.throws(() => model.encodeStream(source as string[]), { code: 'ST_INVALID_INPUT' });
  }
  t.throws(() => model.encodeStream([], { batch_size: 1 } as object), {
    code: 'ST_UNKNOWN_OPTION',
  });
});

test('encodeStream refuses what makes no sense for a stream', async (t) => {
  await using model = await load();
  for (const options of [{ convertToTensor: true }, { showProgressBar: true }]) {
    t.throws(() => model.encodeStream(['a'], options as object), { code: 'ST_UNKNOWN_OPTION' });
  }
});

test('stats count texts, tokens, padding and calls', async (t) => {
  await using model = await load();
  await model.encode(texts);
  await t.throwsAsync(model.encode(texts, { signal: AbortSignal.abort() }), { code: 'ST_ABORTED' });
  const stats = model.stats();
  t.like(stats, {
    queuedTexts: 0,
    queuedTokens: 0,
    runningBatches: 0,
    texts: texts.length,
    failed: 0,
  });
  t.true(stats.paddedTokens >= stats.tokens && stats.tokens > texts.length);
  t.true(stats.paddingShare >= 0 && stats.paddingShare < 0.5);
  t.is(stats.batchTexts.count, stats.batches);
  t.is(stats.waitMs.count, texts.length);
  t.true(stats.runMs.p50 > 0 && stats.runMs.p99 >= stats.runMs.p50);
  t.true(stats.tokenizeMs.count >= 1);
});

test.serial('what happens is published on diagnostics channels', async (t) => {
  await using model = await load();
  const batches: BatchEvent[] = [];
  const calls: CallEvent[] = [];
  const onBatch = (event: unknown) => batches.push(event as BatchEvent);
  const onCall = (event: unknown) => calls.push(event as CallEvent);
  diagnosticsChannel.subscribe('sentence-torch:batch', onBatch);
  diagnosticsChannel.subscribe('sentence-torch:call', onCall);
  await model.encode(texts);
  await t.throwsAsync(model.encode(texts, { timeoutMs: 0 }), { code: 'ST_TIMEOUT' });
  diagnosticsChannel.unsubscribe('sentence-torch:batch', onBatch);
  diagnosticsChannel.unsubscribe('sentence-torch:call', onCall);
  t.is(batches.reduce((sum, event) => sum + event.texts, 0) >= texts.length, true);
  t.like(batches[0], { model: 'mean', priority: 'interactive' });
  t.deepEqual(
    calls.map((event) => event.code),
    [undefined, 'ST_TIMEOUT'],
  );
});

test('over maxQueuedTexts a call is refused while others run', async (t) => {
  await using model = await load('odd/slow', { maxQueuedTexts: 2, streams: 1 });
  const running = [model.encode('a'), model.encode('b')];
  await t.throwsAsync(model.encode('c'), { code: 'ST_OVERLOADED', name: 'ExecutionError' });
  await Promise.all(running);
});

test('dispose({ abort: true }) rejects what is not done, and ends after the batch that runs', async (t) => {
  const model = await load('odd/slow', { streams: 1 });
  const calls = Array.from({ length: 5 }, () => model.encode('text', { batchSize: 1 }));
  const outcomes = Promise.allSettled(calls);
  await model.dispose({ abort: true });
  for (const outcome of await outcomes) {
    t.is(outcome.status, 'rejected');
    if (outcome.status === 'rejected') t.is(outcome.reason.code, 'ST_DISPOSED');
  }
});

function openSession(): Session {
  const { Session } = loadAddon();
  return new Session({
    modelPath: fixture('golden/mean/model.pt'),
    device: 'cpu',
    dimension: 16,
    maxSeqLength: 16,
    padTokenId: 0,
    padLeft: false,
    tokenTypeIds: true,
    streams: 1,
    intraOpThreads: 1,
    dtype: 'float32',
    optimize: true,
    disabledPasses: [],
    minCosine: 0,
    mayFallBack: false,
  });
}

test('a batch grows until a stream begins it, and what joined is written with it', async (t) => {
  const session = openSession();
  const [alone, first, second, late] = Array.from({ length: 4 }, () => new Float32Array(16)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [ids, lengths] = [Int32Array.of(5, 6, 7), Int32Array.of(3)];
  const loaded = session.load(); // the stream is busy with that
  const { batch, done } = session.run(Int32Array.of(1, 2), Int32Array.of(2), [first], true);
  t.true(session.waits(batch) && session.extend(batch, ids, lengths, [second]));
  t.throws(() => session.extend(batch, ids, Int32Array.of(2), [late]), {
    code: 'ST_FORWARD_FAILED',
  });
  await Promise.all([loaded, done]);
  t.false(session.waits(batch) || session.extend(batch, ids, lengths, [late]));
  await session.run(ids, lengths, [alone], true).done;
  t.true(maxAbsDiff([second], [alone]) <= 1e-5 && alone.some((value) => value !== 0));
  t.true(maxAbsDiff([first], [alone]) > 0.01);
  t.true(late.every((value) => value === 0));
  await session.dispose();
});

test('at the streams urgent batches go first, and of five batches at least one is not urgent', async (t) => {
  const session = openSession();
  const order: string[] = [];
  const loaded = session.load();
  const run = (urgent: boolean) =>
    session
      .run(Int32Array.of(1, 2), Int32Array.of(2), [new Float32Array(16)], urgent)
      .done.then(() => order.push(urgent ? 'urgent' : 'normal'));
  // All are queued behind the load, which is urgent too.
  const normal = Array.from({ length: 3 }, () => run(false));
  const urgent = Array.from({ length: 10 }, () => run(true));
  await Promise.all([loaded, ...normal, ...urgent]);
  await session.dispose();
  const [first, second] = [new Array(3).fill('urgent'), new Array(4).fill('urgent')];
  t.deepEqual(order.slice(0, 9), [...first, 'normal', ...second, 'normal']);
});

test('two models at once share the cores and give the same embeddings as alone', async (t) => {
  await using a = await load('golden/mean', { streams: 4 });
  await using b = await load('golden/cls', { streams: 4 });
  const [ofA, ofB] = [await a.encode(texts), await b.encode(texts)];
  const rounds = await Promise.all(
    Array.from({ length: 20 }, () => Promise.all([a.encode(texts), b.encode(texts)])),
  );
  for (const [again, andB] of rounds) {
    t.true(maxAbsDiff(again, ofA) <= 1e-5 && maxAbsDiff(andB, ofB) <= 1e-5);
  }
});

test('what is aborted before a stream has begun it is never computed', async (t) => {
  await using model = await load('odd/slow', { streams: 1 });
  const controller = new AbortController();
  const texts = Array.from({ length: 100 }, (_, i) => `text ${i}`);
  const running = model.encode('first');
  while (model.stats().runningBatches === 0) await new Promise((go) => setImmediate(go));
  const aborted = model.encode(texts, { signal: controller.signal });
  while (model.stats().runningBatches < 2) await new Promise((go) => setImmediate(go));
  controller.abort();
  await t.throwsAsync(aborted, { code: 'ST_ABORTED' });
  await running;
  await model.encode('last');
  t.is(model.stats().batches, 2);
});

test('texts are left out of a batch until a stream begins it; one without texts does nothing', async (t) => {
  const session = openSession();
  const [kept, dropped, alone, joined] = Array.from({ length: 4 }, () => new Float32Array(16)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [ids, lengths] = [Int32Array.of(5, 6, 7), Int32Array.of(3)];
  const loaded = session.load(); // the stream is busy with that
  const both = session.run(
    Int32Array.of(1, 2, 5, 6, 7),
    Int32Array.of(2, 3),
    [dropped, kept],
    true,
  );
  const none = session.run(ids, lengths, [dropped], true);
  t.true(session.cancel(both.batch, Int32Array.of(0)));
  t.true(session.cancel(none.batch, Int32Array.of(0, 0, 9, -1)));
  const refilled = session.run(ids, lengths, [dropped], true);
  t.true(session.cancel(refilled.batch, Int32Array.of(0)));
  t.true(session.extend(refilled.batch, ids, lengths, [joined]));
  await Promise.all([loaded, both.done, none.done, refilled.done]);
  for (const { batch } of [both, none, refilled]) {
    t.false(session.waits(batch) || session.cancel(batch, Int32Array.of(0)));
  }
  await session.run(ids, lengths, [alone], true).done;
  t.true(dropped.every((value) => value === 0));
  t.true(alone.some((value) => value !== 0));
  t.true(maxAbsDiff([kept, joined], [alone, alone]) <= 1e-5);
  await session.dispose();
});
