import { createError } from '../errors.ts';
import type { SimilarityFunction } from '../model-store/manifest.ts';
import { show } from './check.ts';

/** A dense row-major matrix, or a vector when `dims` has one entry. */
export interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** One embedding, several, or all of a call with `convertToTensor`. */
export type Embeddings = Float32Array | readonly Float32Array[] | Tensor;

type Score = (a: Float32Array, b: Float32Array) => number;

const dot: Score = (a, b) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

// torch.nn.functional.normalize's floor, as in normalizeInPlace.
const length = (a: Float32Array): number => Math.max(Math.sqrt(dot(a, a)), 1e-12);

/** Higher is more alike in each: the distances are negative, as in Python's euclidean_sim and manhattan_sim. */
const scores: Record<SimilarityFunction, Score> = {
  cosine: (a, b) => dot(a, b) / (length(a) * length(b)),
  dot,
  euclidean: (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
    return -Math.sqrt(sum);
  },
  manhattan: (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
    return -sum;
  },
};

/**
 * Scores every embedding of `a` against every one of `b`: `dims` is [rows of a, rows of b]. Higher is more alike.
 * Throws `ST_INVALID_INPUT` if their lengths differ or they are no embeddings, `ST_INVALID_OPTION` for an unknown function.
 */
export function similarity(
  a: Embeddings,
  b: Embeddings,
  similarityFunction: SimilarityFunction = 'cosine',
): Tensor {
  if (!Object.hasOwn(scores, similarityFunction)) {
    throw createError(
      'ST_INVALID_OPTION',
      `similarityFunction is ${show(similarityFunction)}. Give one of: ${Object.keys(scores).join(', ')}.`,
    );
  }
  const rows = toRows(a);
  const columns = toRows(b);
  checkSameLength([...rows, ...columns]);
  const score = scores[similarityFunction];
  const data = new Float32Array(rows.length * columns.length);
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      data[i * columns.length + j] = score(row, column);
    });
  });
  return { data, dims: [rows.length, columns.length] };
}

/** Cosine similarity of every embedding of `a` with every one of `b`. */
export function cosSim(a: Embeddings, b: Embeddings): Tensor {
  return similarity(a, b, 'cosine');
}

/** Views on the rows of any of the forms in which encode() gives embeddings. Throws `ST_INVALID_INPUT` for others. */
export function toRows(embeddings: Embeddings): readonly Float32Array[] {
  if (embeddings instanceof Float32Array) return [embeddings];
  if (Array.isArray(embeddings)) {
    const odd = embeddings.findIndex((row: unknown) => !(row instanceof Float32Array));
    if (odd < 0) return embeddings;
    throw createError(
      'ST_INVALID_INPUT',
      `The embedding at index ${odd} is ${show(embeddings[odd])}. Give Float32Arrays, such as Float32Array.from(numbers).`,
    );
  }
  return rowsOfTensor(embeddings);
}

function rowsOfTensor(tensor: unknown): readonly Float32Array[] {
  const { data, dims } = (tensor ?? {}) as Partial<Tensor>;
  const isTensor =
    data instanceof Float32Array &&
    Array.isArray(dims) &&
    (dims.length === 1 || dims.length === 2) &&
    dims.reduce((product: number, size: number) => product * size, 1) === data.length;
  if (!isTensor) {
    throw createError(
      'ST_INVALID_INPUT',
      `Embeddings are ${show(tensor)}. Give a Float32Array, an array of them, or { data, dims } whose sizes agree.`,
    );
  }
  const width = dims.at(-1) as number;
  const count = dims.length === 1 ? 1 : (dims[0] as number);
  return Array.from({ length: count }, (_, i) => data.subarray(i * width, (i + 1) * width));
}

function checkSameLength(rows: readonly Float32Array[]): void {
  const odd = rows.find((row) => row.length !== rows[0]?.length);
  if (odd) {
    throw createError(
      'ST_INVALID_INPUT',
      `Embeddings of ${rows[0]?.length} and of ${odd.length} values can't be compared. Use one model and one truncateDim.`,
    );
  }
}
