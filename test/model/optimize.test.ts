import { readFile } from 'node:fs/promises';
import test from 'ava';
import { type LoadOptions, SentenceTransformer } from '../../lib/index.ts';
import { loadAddon } from '../../lib/native/addon.ts';
import { Session } from '../../lib/native/session.ts';
import { fixture, goldenTexts, modelsIn } from '../support/fixtures.ts';
import { maxAbsDiff } from '../support/vectors.ts';

const texts = [...goldenTexts(), 'a', ''];

async function vectors(name: string, options: LoadOptions): Promise<Float32Array[]> {
  await using model = await SentenceTransformer.load(fixture(name), { device: 'cpu', ...options });
  return model.encode(texts, { convertToTensor: false });
}

async function counts(name: string): Promise<Record<string, number>> {
  await using model = await SentenceTransformer.load(fixture(name), { device: 'cpu' });
  return Object.fromEntries(model.optimizations.map(({ name, count }) => [name, count]));
}

for (const name of ['golden', 'families'].flatMap(modelsIn)) {
  test(`${name} gives the same optimised and plain`, async (t) => {
    const plain = await vectors(name, { optimize: false });
    const difference = maxAbsDiff(await vectors(name, {}), plain);
    t.true(difference <= 1e-5, `${difference}`);
  });
}

for (const pass of loadAddon().passes()) {
  test(`families/bert gives the same without the pass ${pass}`, async (t) => {
    const plain = await vectors('families/bert', { optimize: false });
    const without = await vectors('families/bert', { optimize: { disable: [pass] } });
    t.true(maxAbsDiff(without, plain) <= 1e-5);
  });
}

const encoder = { qkv: 1, linear: 3, activation: 1, 'add-norm': 3, 'linear-add-norm': 2 };

test('a BERT layer, its embedding and its pooling are rewritten whole', async (t) => {
  const expected = { ...encoder, 'feed-forward': 1, unpad: 5, pool: 1 };
  t.deepEqual(await counts('families/bert'), expected);
  t.deepEqual(await counts('families/roberta'), expected);
});

test('relative positions keep MPNet padded', async (t) => {
  const found = await counts('families/mpnet');
  t.is(found.unpad, undefined);
  t.is(found.qkv, undefined);
  t.is(found['feed-forward'], 1);
});

test('a text alone gets the vector it gets among others', async (t) => {
  await using model = await SentenceTransformer.load(fixture('families/bert'), { device: 'cpu' });
  const together = await model.encode(texts, { convertToTensor: false });
  for (const [i, text] of texts.entries()) {
    const alone = await model.encode([text], { convertToTensor: false });
    t.true(maxAbsDiff(alone, [together[i] as Float32Array]) <= 1e-6, text);
  }
});

async function graph(name: string): Promise<string> {
  const manifest = JSON.parse(await readFile(`${fixture(name)}/sentence-torch.json`, 'utf8'));
  const session = await Session.open(`${fixture(name)}/model.pt`, manifest, { device: 'cpu' });
  await session.dispose();
  return session.report.graph;
}

test('where no padding is left, the graph takes flat texts, so that no rectangle is made of a skewed batch', async (t) => {
  for (const name of ['families/bert', 'families/roberta', 'golden/mean-norm', 'golden/cls']) {
    const flat = await graph(name);
    t.regex(flat, /^graph\(%\S+ : Tensor,\s+%\S+ : Tensor,\s+%\S+ : Tensor\):/, name);
    t.notRegex(flat, /unpad|attention_mask|input_ids/, name);
  }
});

test('where the pooling reads the mask, the graph takes the rectangle', async (t) => {
  const padded = await graph('golden/max');
  t.regex(padded, /sentence_torch::unpad\(%input_ids/);
  t.regex(padded, /sentence_torch::pad\(/);
});

test('one long text among hundreds of short ones gets the vectors that each gets alone', async (t) => {
  for (const name of ['families/bert', 'families/roberta']) {
    await using model = await SentenceTransformer.load(fixture(name), { device: 'cpu' });
    const long = 'a long text '.repeat(20);
    const skewed = ['', long, ...Array.from({ length: 300 }, (_, i) => `text ${i % 7}`)];
    const together = await model.encode(skewed, { maxBatchTokens: 16_384, batchSize: 302 });
    for (const i of [0, 1, 2, 8, 301]) {
      const alone = await model.encode([skewed[i] as string]);
      t.true(maxAbsDiff(alone, [together[i] as Float32Array]) <= 1e-6, `${name} ${i}`);
    }
  }
});
