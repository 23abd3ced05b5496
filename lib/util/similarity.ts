import { createError, SentenceTorchError } from '../errors.ts';
import type { SimilarityFunction } from '../model-store/manifest.ts';
import { isArray, show } from './check.ts';

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
  checkSameLength(rows, columns);
  const score = scores[similarityFunction];
  const data = allocate(rows.length * columns.length);
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      data[i * columns.length + j] = score(row, column);
    });
  });
  return { data, dims: [rows.length, columns.length] };
}

function allocate(values: number): Float32Array {
  try {
    return new Float32Array(values);
  } catch (error) {
    throw createError(
      'ST_OUT_OF_MEMORY',
      `The scores of this call need ${values * 4} bytes, which can't be allocated. Compare fewer embeddings at once.`,
      { cause: error },
    );
  }
}

/** Cosine similarity of every embedding of `a` with every one of `b`. */
export function cosSim(a: Embeddings, b: Embeddings): Tensor {
  return similarity(a, b, 'cosine');
}

/** Views on the rows of any of the forms in which encode() gives embeddings. Throws `ST_INVALID_INPUT` for others. */
export function toRows(embeddings: Embeddings): readonly Float32Array[] {
  try {
    if (embeddings instanceof Float32Array) return [embeddings];
    return isArray(embeddings) ? rowsOfList(embeddings) : rowsOfTensor(embeddings);
  } catch (error) {
    if (error instanceof SentenceTorchError) throw error;
    throw createError(
      'ST_INVALID_INPUT',
      'The embeddings threw an error when they were read (see cause). Give a Float32Array, or an array of them.',
      { cause: error },
    );
  }
}

/** By index, once: what was checked is what is compared. */
function rowsOfList(list: readonly unknown[]): readonly Float32Array[] {
  const rows: Float32Array[] = [];
  const { length } = list;
  if (!isSize(length)) throw noEmbeddings(list);
  for (let i = 0; i < length; i++) {
    const row = list[i];
    if (!(row instanceof Float32Array)) {
      throw createError(
        'ST_INVALID_INPUT',
        `The embedding at index ${i} is ${show(row)}. Give Float32Arrays, such as Float32Array.from(numbers).`,
      );
    }
    rows.push(row);
  }
  return rows;
}

function rowsOfTensor(tensor: unknown): readonly Float32Array[] {
  const { data, dims } = (tensor ?? {}) as Partial<Tensor>;
  if (!(data instanceof Float32Array) || !isArray(dims)) throw noEmbeddings(tensor);
  const sizes = dims.length === 1 ? [1, dims[0]] : [dims[0], dims[1]];
  const [count, width] = sizes as [number, number];
  const fits = dims.length <= 2 && sizes.every(isSize) && count * width === data.length;
  // Rows without values would be free to make by the thousand million.
  if (!fits || (width === 0 && count > 0)) throw noEmbeddings(tensor);
  return Array.from({ length: count }, (_, i) => data.subarray(i * width, (i + 1) * width));
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function noEmbeddings(value: unknown): Error {
  return createError(
    'ST_INVALID_INPUT',
    `Embeddings are ${show(value)}. Give a Float32Array, an array of them, or { data, dims } whose sizes agree.`,
  );
}

function checkSameLength(rows: readonly Float32Array[], columns: readonly Float32Array[]): void {
  const first = rows[0] ?? columns[0];
  const isOdd = (row: Float32Array) => row.length !== first?.length;
  const odd = rows.find(isOdd) ?? columns.find(isOdd);
  if (odd) {
    throw createError(
      'ST_INVALID_INPUT',
      `Embeddings of ${first?.length} and of ${odd.length} values can't be compared. Use one model and one truncateDim.`,
    );
  }
}
