import test from 'ava';
import { planBatches } from '../../../bench/contender/engine/batches.ts';
import { fastest } from '../../../bench/phases/calibrate.ts';
import { compareVectors } from '../../../bench/phases/vectors.ts';
import { spearman } from '../../../bench/workload/correlation.ts';
import { workloadTexts } from '../../../bench/workload/encode-texts.ts';
import { operationsOf } from '../../../bench/workload/operations.ts';
import { words } from '../../../bench/workload/texts.ts';

const minilm = { layers: 6, hidden: 384, intermediate: 1536, dense: [0, 0] } as const;
const bert = { layers: 12, hidden: 768, intermediate: 3072, dense: [768, 256] } as const;

test('the operations of a text are those of its products and its attention', (t) => {
  const products = 2 * 6 * (4 * 384 ** 2 + 2 * 384 * 1536);
  t.is(operationsOf(minilm, 1), products + 6 * 4 * 384);
  t.is(operationsOf(minilm, 100), 100 * products + 6 * 4 * 384 * 100 ** 2);
});

test('a Dense layer counts once a text', (t) => {
  const without = operationsOf({ ...bert, dense: [0, 0] }, 40);
  t.is(operationsOf(bert, 40) - without, 2 * 768 * 256);
});

const ones = new Map(words.map((word) => [word, 1]));
const tokens = (text: string): number => text.split(' ').length + 3;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

test('any stretch of a pool has the lengths of the whole', (t) => {
  const lengths = workloadTexts('mixed', ones).map(tokens);
  t.true(Math.abs(mean(lengths) - 40) < 2);
  t.true(Math.max(...lengths) <= 256);
  for (let from = 0; from < 4096; from += 100) {
    const stretch = mean(lengths.slice(from, from + 100));
    t.true(Math.abs(stretch - mean(lengths)) < 5, `${stretch} from ${from}`);
  }
});

test('texts are the same on every run, and words of several tokens do not make them longer', (t) => {
  const twos = new Map(words.map((word, i) => [word, 1 + (i % 2)]));
  const texts = workloadTexts('long', twos);
  t.deepEqual(texts, workloadTexts('long', twos));
  const lengths = texts.map(
    (text) =>
      3 +
      text
        .slice(0, -1)
        .split(' ')
        .reduce((sum, word) => sum + (twos.get(word) as number), 0),
  );
  t.deepEqual([...new Set(lengths)], [256]);
});

test('batches hold no more than the budget, padding included, and all texts', (t) => {
  const texts = [3, 40, 11, 600, 12, 12, 7].map((length, index) => ({
    index,
    ids: Array(length).fill(1),
  }));
  const batches = planBatches(texts, 40);
  t.deepEqual(
    batches.map((batch) => batch.map(({ ids }) => ids.length)),
    [[600], [40], [12, 12, 11], [7, 3]],
  );
});

test('the setting of most texts per second is kept', (t) => {
  const tried = [10, 30, 20].map((textsPerSecond, batch) => ({
    setting: { batch },
    textsPerSecond,
  }));
  t.is(fastest(tried).textsPerSecond, 30);
});

test('rank correlation sees order alone, and ties share a rank', (t) => {
  const values = Float64Array.of(1, 2, 3, 4);
  t.is(spearman(values, Float64Array.of(1, 10, 100, 1000)), 1);
  t.is(spearman(values, Float64Array.of(9, 8, 7, 6)), -1);
  t.true(Math.abs(spearman(values, Float64Array.of(1, 1, 2, 2)) - 0.894427) < 1e-6);
});

const vectors = (dimension: number, ...values: number[]) => ({
  data: Float32Array.from(values),
  dimension,
});

test('the worst row tells how far vectors are apart', (t) => {
  const agreement = compareVectors(vectors(2, 1, 0, 0, 1), vectors(2, 1, 0, 1, 1));
  t.true(Math.abs(agreement.minCosine - Math.SQRT1_2) < 1e-6);
  t.is(agreement.maxAbsDiff, 1);
});

test('vectors of another dimension and NaN never pass for agreement', (t) => {
  t.deepEqual(compareVectors(vectors(2, 1, 0), vectors(1, 1, 0)).minCosine, Number.NaN);
  const agreement = compareVectors(vectors(2, 1, Number.NaN), vectors(2, 1, 0));
  t.deepEqual([agreement.minCosine, agreement.maxAbsDiff], [Number.NaN, Number.NaN]);
});
