import { readFileSync } from 'node:fs';
import test from 'ava';
import { SentenceTransformer } from '../../lib/index.ts';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';
import { maxAbsDiff } from '../support/vectors.ts';

// `npm test` gets the model and says where it is.
const folder = process.env.SENTENCE_TORCH_MODEL;
if (!folder) throw new Error('SENTENCE_TORCH_MODEL is not set: run the tests with `npm test`.');

const { texts, vectors } = JSON.parse(readFileSync(fixture('minilm/expected.json'), 'utf8')) as {
  texts: string[];
  vectors: number[][];
};
const model = await SentenceTransformer.load(folder);
test.after.always(() => model.dispose());

test('the real all-MiniLM-L6-v2 gives the vectors that Python gives', async (t) => {
  t.is(model.dimension, 384);
  t.is(model.maxSeqLength, 256);
  const embeddings = await model.encode(texts);
  t.true(maxAbsDiff(embeddings, vectors) <= 1e-5, `${maxAbsDiff(embeddings, vectors)}`);
});

test('with real weights too, a vector does not depend on its neighbours', async (t) => {
  const alone = await Promise.all(texts.map((text) => model.encode(text)));
  for (const size of [2, 100]) {
    const list = Array.from({ length: size }, (_, i) => texts[i % texts.length] as string);
    const together = await model.encode(list, { maxBatchTokens: 1e6 });
    const expected = list.map((_, i) => alone[i % texts.length] as Float32Array);
    t.true(maxAbsDiff(together, expected) <= 1e-5, `${size}: ${maxAbsDiff(together, expected)}`);
  }
});

test('similar sentences score higher than unrelated ones', async (t) => {
  const [kitten, cat, stocks] = await model.encode([
    'A kitten is lying on the rug',
    'The cat sat on the mat',
    'Stock prices fell sharply on Tuesday',
  ]);
  const { data } = await model.similarity(kitten as Float32Array, [cat, stocks] as Float32Array[]);
  const [near, far] = data as unknown as [number, number];
  t.true(near > far + 0.2);
});

test('a model in the cache is found by its name', async (t) => {
  await using named = await SentenceTransformer.load('all-MiniLM-L6-v2');
  t.is(named.dimension, 384);
});

const glibc = process.platform === 'linux' ? test : test.skip;

glibc('once loaded, the float32 weights that were packed are gone', async (t) => {
  const script = `
    import { SentenceTransformer } from 'sentence-torch';
    const load = (folder) => SentenceTransformer.load(folder, { device: 'cpu', dtype: 'int8' });
    const small = await load(${JSON.stringify(fixture('golden/mean'))});
    const before = process.memoryUsage.rss();
    const model = await load(${JSON.stringify(folder)});
    console.log((process.memoryUsage.rss() - before) / 1e6);
    process.exit();
  `;
  const { stdout, stderr } = await runNode(['--input-type=module', '--eval', script]);
  t.is(stderr, '');
  // 48 MB of embeddings and 11 MB of packed layers stay; in float32 the layers are 43 MB. What else a
  // load takes is 15 MB on Node 20 and 22, and 30 on 24.
  const megabytes = Number(stdout);
  t.true(megabytes > 40 && megabytes < 48 + 11 + 40, `${megabytes} MB`);
});
