import { createError } from '../errors.ts';
import type { SimilarityFunction } from '../model-store/manifest.ts';
import { show } from '../util/check.ts';
import type { Rows } from './embeddings.ts';
import { type StepGauge, type Steps, stepValues } from './turns.ts';

/** What adds up over the values of two embeddings, from one place of each on. */
type Sum = (
  a: Float32Array,
  aStart: number,
  b: Float32Array,
  bStart: number,
  count: number,
) => number;

/** How two embeddings are compared. Higher is more alike: distances are negative, as in Python's *_sim functions. */
export interface Score {
  readonly sum: Sum;
  /** The score of a sum over all values. The lengths of both embeddings are 1 unless `usesLengths`. */
  readonly finish: (sum: number, aLength: number, bLength: number) => number;
  readonly usesLengths: boolean;
}

/** Four sums at once: an addition need not wait for the one before. */
const products: Sum = (a, aStart, b, bStart, count) => {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const x = aStart + i;
    const y = bStart + i;
    s0 += (a[x] as number) * (b[y] as number);
    s1 += (a[x + 1] as number) * (b[y + 1] as number);
    s2 += (a[x + 2] as number) * (b[y + 2] as number);
    s3 += (a[x + 3] as number) * (b[y + 3] as number);
  }
  for (; i < count; i++) s0 += (a[aStart + i] as number) * (b[bStart + i] as number);
  return s0 + s1 + (s2 + s3);
};

const squaredDifferences: Sum = (a, aStart, b, bStart, count) => {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const difference = (a[aStart + i] as number) - (b[bStart + i] as number);
    sum += difference * difference;
  }
  return sum;
};

const absoluteDifferences: Sum = (a, aStart, b, bStart, count) => {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += Math.abs((a[aStart + i] as number) - (b[bStart + i] as number));
  }
  return sum;
};

const scores: Record<SimilarityFunction, Score> = {
  cosine: { sum: products, finish: (sum, a, b) => sum / (a * b), usesLengths: true },
  dot: { sum: products, finish: (sum) => sum, usesLengths: false },
  euclidean: { sum: squaredDifferences, finish: (sum) => -Math.sqrt(sum), usesLengths: false },
  manhattan: { sum: absoluteDifferences, finish: (sum) => -sum, usesLengths: false },
};

/** The score of a similarity function's name; cosine if it was left out. Throws `ST_INVALID_OPTION` for an unknown one. */
export function scoreOf(name: unknown = 'cosine'): Score {
  if (typeof name === 'string' && Object.hasOwn(scores, name)) {
    return scores[name as SimilarityFunction];
  }
  throw createError(
    'ST_INVALID_OPTION',
    `similarityFunction is ${show(name)}. Give one of: ${Object.keys(scores).join(', ')}.`,
  );
}

/** Cosine similarity of two short vectors of one length, at once. */
export function cosine(a: Float32Array, b: Float32Array): number {
  const sum = (x: Float32Array, y: Float32Array) => products(x, 0, y, 0, x.length);
  return scores.cosine.finish(sum(a, b), lengthOfSum(sum(a, a)), lengthOfSum(sum(b, b)));
}

/** torch.nn.functional.normalize's floor, as in normalizeInPlace. */
const lengthOfSum = (sum: number): number => Math.max(Math.sqrt(sum), 1e-12);

/** Rows that are scored at a time. */
export function pieceRows(width: number): number {
  return Math.min(4096, Math.max(1, Math.floor(stepValues / Math.max(1, width))));
}

/** The lengths of the rows from `from` to `to`, into `lengths`; ones if the score has no use for them. */
export function* lengthsOf(
  score: Score,
  rows: Rows,
  from: number,
  to: number,
  lengths: Float64Array,
  gauge: StepGauge,
): Steps<void> {
  lengths.fill(1);
  if (!score.usesLengths) return;
  for (let row = from; row < to; row++) {
    let sum = 0;
    for (let start = 0; start < rows.width; start += stepValues) {
      const count = Math.min(stepValues, rows.width - start);
      const at = rows.startOf(row) + start;
      const array = rows.arrayOf(row);
      sum += products(array, at, array, at, count);
      if (gauge.add(count)) yield;
    }
    lengths[row - from] = lengthOfSum(sum);
  }
}

/** The sums of one row of `a` with the rows of `b` from `from` to `to`, into `sums`. However wide they are, in steps. */
export function* sumsOf(
  { sum }: Score,
  a: Rows,
  row: number,
  b: Rows,
  from: number,
  to: number,
  sums: Float64Array,
  gauge: StepGauge,
): Steps<void> {
  sums.fill(0);
  for (let start = 0; start < a.width; start += stepValues) {
    const count = Math.min(stepValues, a.width - start);
    const array = a.arrayOf(row);
    const at = a.startOf(row) + start;
    for (let other = from; other < to; other++) {
      const index = other - from;
      sums[index] =
        (sums[index] as number) + sum(array, at, b.arrayOf(other), b.startOf(other) + start, count);
    }
    if (gauge.add(count * (to - from))) yield;
  }
}
