import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { cosSim, type Progress, SentenceTransformer } from '../../lib/index.ts';
import { fixture, goldenTexts } from '../support/fixtures.ts';
import { tempDir } from '../support/temp.ts';
import { maxAbsDiff } from '../support/vectors.ts';

const texts = goldenTexts();
const model = await SentenceTransformer.load(fixture('golden/mean'), { device: 'cpu', streams: 2 });
test.after.always(() => model.dispose());

const lengthOf = (vector: Float32Array) => Math.hypot(...vector);

test('a model tells its name, dimension, limit, device and prompts', (t) => {
  t.is(model.name, 'mean');
  t.is(model.dimension, 16);
  t.is(model.maxSeqLength, 24);
  t.is(model.device, 'cpu');
  t.is(model.similarityFunction, 'cosine');
  t.deepEqual(model.prompts, { query: '', document: '' });
});

test('one text gives one Float32Array of the dimension', async (t) => {
  const embedding = await model.encode('hello');
  t.true(embedding instanceof Float32Array);
  t.is(embedding.length, 16);
});

test.serial('a list of one text gives a list of one', async (t) => {
  const [embedding, ...rest] = await model.encode(['hello']);
  t.deepEqual(embedding, await model.encode('hello'));
  t.deepEqual(rest, []);
});

test('an empty list gives an empty list', async (t) => {
  t.deepEqual(await model.encode([]), []);
  const tensor = await model.encode([], { convertToTensor: true });
  t.deepEqual(tensor, { data: new Float32Array(0), dims: [0, 16] });
});

test('all embeddings of a call are views on one buffer, in order', async (t) => {
  const embeddings = await model.encode(texts);
  for (const [i, embedding] of embeddings.entries()) {
    t.is(embedding.buffer, embeddings[0]?.buffer as ArrayBufferLike);
    t.is(embedding.byteOffset, i * 16 * 4);
  }
});

test.serial('convertToTensor gives the same values as one tensor', async (t) => {
  const { data, dims } = await model.encode(texts, { convertToTensor: true });
  const rows = await model.encode(texts);
  t.deepEqual(dims, [texts.length, 16]);
  t.deepEqual(data, new Float32Array(rows[0]?.buffer as ArrayBuffer));
});

test.serial('convertToTensor of one text gives a tensor of one dimension', async (t) => {
  const { data, dims } = await model.encode('hello', { convertToTensor: true });
  t.deepEqual(dims, [16]);
  t.deepEqual(data, await model.encode('hello'));
});

test.serial('the same call alone gives the same values every time', async (t) => {
  t.deepEqual(await model.encode(texts), await model.encode(texts));
});

test('a vector does not depend on its neighbours', async (t) => {
  const alone = await Promise.all(texts.map((text) => model.encode(text)));
  for (const size of [2, 100]) {
    const mixed = await Promise.all(
      texts.map(async (text, i) => {
        const neighbours = Array.from(
          { length: size - 1 },
          (_, j) => texts[(i + j * 7 + 1) % texts.length],
        );
        const [first] = await model.encode([text, ...(neighbours as string[])], {
          maxBatchTokens: 1e6,
        });
        return first as Float32Array;
      }),
    );
    t.true(maxAbsDiff(alone, mixed) <= 1e-5, `${size}: ${maxAbsDiff(alone, mixed)}`);
  }
});

test('batchSize and maxBatchTokens change the batches, not the embeddings', async (t) => {
  const reference = await model.encode(texts);
  for (const options of [
    { batchSize: 1 },
    { batchSize: 3 },
    { maxBatchTokens: 1 },
    { maxBatchTokens: 40 },
  ]) {
    t.true(maxAbsDiff(reference, await model.encode(texts, options)) <= 1e-5);
  }
});

test('a list longer than a window keeps its order', async (t) => {
  const list = Array.from({ length: 2500 }, (_, i) => texts[i % texts.length] as string);
  const embeddings = await model.encode(list);
  const reference = await model.encode(texts);
  t.is(embeddings.length, 2500);
  const expected = list.map((_, i) => reference[i % texts.length] as Float32Array);
  t.true(maxAbsDiff(embeddings, expected) <= 1e-5);
});

test.serial('truncateDim keeps the first values, in a buffer of their own size', async (t) => {
  const full = await model.encode(texts);
  const cut = await model.encode(texts, { truncateDim: 5 });
  t.deepEqual(
    cut,
    full.map((vector) => vector.slice(0, 5)),
  );
  t.is(cut[0]?.buffer.byteLength, texts.length * 5 * 4);
});

test.serial('truncateDim over the dimension keeps all values, as in Python', async (t) => {
  t.deepEqual(await model.encode(texts, { truncateDim: 17 }), await model.encode(texts));
  const { dims } = await model.encode(texts, { truncateDim: 1e9, convertToTensor: true });
  t.deepEqual(dims, [texts.length, 16]);
});

test.serial('a saved truncate_dim is a default, which a call may raise', async (t) => {
  const folder = tempDir(t);
  cpSync(fixture('golden/mean'), folder, { recursive: true });
  const manifest = path.join(folder, 'sentence-torch.json');
  const saved = JSON.parse(readFileSync(manifest, 'utf8'));
  writeFileSync(manifest, JSON.stringify({ ...saved, truncateDim: 5 }));
  await using cut = await SentenceTransformer.load(folder, { device: 'cpu', streams: 1 });
  t.is(cut.dimension, 5);
  const whole = await model.encode('hello');
  t.deepEqual(await cut.encode('hello'), whole.slice(0, 5));
  t.deepEqual(await cut.encode('hello', { truncateDim: 3 }), whole.slice(0, 3));
  t.deepEqual(await cut.encode('hello', { truncateDim: 99 }), whole);
});

test('new SentenceTransformer() is refused with what to use', (t) => {
  const construct = (...args: unknown[]) =>
    Reflect.construct(SentenceTransformer as unknown as new () => unknown, args);
  for (const args of [[], ['folder'], [Symbol('loaded'), {}, {}, {}, {}]]) {
    t.throws(() => construct(...args), {
      code: 'ST_INVALID_INPUT',
      message: /SentenceTransformer\.load\(/,
    });
  }
});

test('similarity uses the function of the model, and stops when its signal fires', async (t) => {
  const [a, b] = (await model.encode(['one', 'two'])) as [Float32Array, Float32Array];
  t.deepEqual(await model.similarity(a, b), await cosSim(a, b));
  await t.throwsAsync(model.similarity(a, b, { signal: AbortSignal.abort() }), {
    code: 'ST_ABORTED',
  });
  await t.throwsAsync(model.similarity(a, b, { topK: 1 } as object), { code: 'ST_UNKNOWN_OPTION' });
});

test('normalizeEmbeddings scales to length 1 after truncateDim, as Python does', async (t) => {
  const full = await model.encode(texts);
  const normalized = await model.encode(texts, { truncateDim: 5, normalizeEmbeddings: true });
  for (const [i, vector] of normalized.entries()) {
    t.true(Math.abs(lengthOf(vector) - 1) < 1e-6);
    const cut = (full[i] as Float32Array).subarray(0, 5);
    t.true(maxAbsDiff([vector], [cut.map((value) => value / lengthOf(cut))]) < 1e-6);
  }
});

test('prompt is put before every text as it stands', async (t) => {
  const prompted = await model.encode(['b', 'c'], { prompt: 'a ' });
  t.true(maxAbsDiff(prompted, await model.encode(['a b', 'a c'])) <= 1e-6);
});

test('callers at once each get their own embeddings', async (t) => {
  const reference = await model.encode(texts);
  const rounds = Array.from({ length: 200 }, (_, i) => i % texts.length);
  const answers = await Promise.all(rounds.map((i) => model.encode(texts[i] as string)));
  t.true(
    maxAbsDiff(
      answers,
      rounds.map((i) => reference[i] as Float32Array),
    ) <= 1e-5,
  );
});

test('callers with different options share batches without mixing them up', async (t) => {
  const [plain, cut, normalized] = await Promise.all([
    model.encode(texts),
    model.encode(texts, { truncateDim: 3 }),
    model.encode(texts, { normalizeEmbeddings: true }),
  ]);
  t.true(
    maxAbsDiff(
      cut,
      plain.map((vector) => vector.subarray(0, 3)),
    ) <= 1e-5,
  );
  t.true(normalized.every((vector) => Math.abs(lengthOf(vector) - 1) < 1e-6));
});

test('a progress function is told of every text, in rising order', async (t) => {
  const seen: Progress[] = [];
  await model.encode(texts, { batchSize: 2, showProgressBar: (progress) => seen.push(progress) });
  t.deepEqual(seen.at(-1), { completed: texts.length, total: texts.length });
  t.deepEqual(
    seen,
    [...seen].sort((a, b) => a.completed - b.completed),
  );
  t.true(seen.length >= texts.length / 2);
});

test('an error thrown by a progress function rejects that call alone', async (t) => {
  const bad = model.encode(texts, {
    showProgressBar() {
      throw new Error('mine');
    },
  });
  const good = model.encode(texts);
  await t.throwsAsync(bad, { message: 'mine' });
  t.is((await good).length, texts.length);
});

test('texts may change after the call: what was given is what is encoded', async (t) => {
  const list = [...texts];
  const pending = model.encode(list);
  list.fill('something else');
  t.true(maxAbsDiff(await pending, await model.encode(texts)) <= 1e-5);
});

test('bad texts and options are refused with a code and the stack of the caller', async (t) => {
  async function callerOfEncode(): Promise<void> {
    await model.encode([1 as unknown as string]);
  }
  const error = await t.throwsAsync(callerOfEncode(), {
    code: 'ST_INVALID_INPUT',
    name: 'InputError',
  });
  t.regex(String(error?.stack), /^InputError \[ST_INVALID_INPUT\]: .*\n {4}at callerOfEncode/);
  await t.throwsAsync(model.encode('a', { batchSize: Number.NaN }), { code: 'ST_INVALID_OPTION' });
  await t.throwsAsync(model.encode('a', { promptName: 'nope' }), { code: 'ST_UNKNOWN_PROMPT' });
  await t.throwsAsync(model.encode('\ud83d'), { code: 'ST_INVALID_INPUT' });
});

test('the event loop turns while a model computes', async (t) => {
  await using slow = await SentenceTransformer.load(fixture('odd/slow'), {
    device: 'cpu',
    streams: 1,
  });
  let turns = 0;
  let done = false;
  const pending = slow.encode('hello').then(() => {
    done = true;
  });
  while (!done) {
    turns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await pending;
  t.true(turns > 1000, `${turns} turns`);
});

test('a list of very long texts is encoded whole and in order', async (t) => {
  const long = `${'word '.repeat(60_000)}end`;
  const embeddings = await model.encode([long, 'short', long, 'short']);
  const [cut, short] = await model.encode([long.slice(0, 1000), 'short']);
  t.true(maxAbsDiff(embeddings, [cut, short, cut, short] as Float32Array[]) <= 1e-5);
});
