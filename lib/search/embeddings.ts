import { types } from 'node:util';
import { createError } from '../errors.ts';
import { isArray, show } from '../util/check.ts';
import { readLength, readProperty } from '../util/read.ts';
import { StepGauge, type Steps } from './turns.ts';

/** A dense row-major matrix, or a vector when `dims` has one entry. */
export interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** One embedding, several, or all of a call with `convertToTensor`. */
export type Embeddings = Float32Array | readonly Float32Array[] | Tensor;

/** Checked embeddings: rows of one width. They are views on the caller's memory. */
export interface Rows {
  readonly count: number;
  /** Values per row; 0 if there is no row. */
  readonly width: number;
  /** The array that holds a row. Throws `ST_INVALID_INPUT` if its memory was taken away since it was checked. */
  arrayOf(row: number): Float32Array;
  /** Where in that array the row begins. */
  startOf(row: number): number;
}

/** More rows than an array of objects can hold; as a tensor there may be more. */
const maxListed = 2 ** 27;
/** What reading one row of a list costs, in values. */
const readingValues = 16;

const lengthGetter = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Float32Array.prototype),
  'length',
)?.get as () => number;

/** Of the memory itself: an array may have a property of the name, or be a view on memory that shrinks. */
const lengthOf = (array: Float32Array): number => lengthGetter.call(array);

/**
 * Reads any of the forms in which encode() gives embeddings, each value of the caller's once. `name` is the argument's, for
 * messages. Throws `ST_INVALID_INPUT` for all else.
 */
export function* readRows(embeddings: unknown, name: string): Steps<Rows> {
  if (types.isFloat32Array(embeddings)) return new ListedRows([embeddings], name);
  if (isArray(embeddings)) return new ListedRows(yield* readList(embeddings, name), name);
  return readTensor(embeddings, name);
}

/** Checks that the rows of both can be compared. */
export function checkSameWidth(a: Rows, b: Rows): void {
  if (a.count > 0 && b.count > 0 && a.width !== b.width) throw unequal(a.width, b.width);
}

class ListedRows implements Rows {
  readonly count: number;
  readonly width: number;
  readonly #rows: readonly Float32Array[];
  readonly #name: string;

  constructor(rows: readonly Float32Array[], name: string) {
    const [first] = rows;
    this.count = rows.length;
    this.width = first === undefined ? 0 : lengthOf(first);
    if (first !== undefined && this.width === 0) throw withoutValues(name);
    this.#rows = rows;
    this.#name = name;
  }

  arrayOf(row: number): Float32Array {
    const array = this.#rows[row] as Float32Array;
    if (lengthOf(array) !== this.width) throw taken(this.#name);
    return array;
  }

  startOf(): number {
    return 0;
  }
}

class TensorRows implements Rows {
  readonly count: number;
  readonly width: number;
  readonly #data: Float32Array;
  readonly #name: string;

  constructor(data: Float32Array, count: number, width: number, name: string) {
    this.count = count;
    this.width = width;
    this.#data = data;
    this.#name = name;
  }

  arrayOf(): Float32Array {
    if (lengthOf(this.#data) < this.count * this.width) throw taken(this.#name);
    return this.#data;
  }

  startOf(row: number): number {
    return row * this.width;
  }
}

function* readList(list: readonly unknown[], name: string): Steps<Float32Array[]> {
  const rows: Float32Array[] = [];
  const length = readLength(list, `The embeddings ${name}`);
  if (length > maxListed) {
    throw createError(
      'ST_INVALID_INPUT',
      `The embeddings ${name} are an array of ${length}. Give so many as { data, dims }.`,
    );
  }
  const gauge = new StepGauge();
  for (let i = 0; i < length; i++) {
    const row = readProperty(list, i, `The embeddings ${name}`);
    if (!types.isFloat32Array(row)) {
      throw createError(
        'ST_INVALID_INPUT',
        `The embedding at index ${i} of ${name} is ${show(row)}. Give Float32Arrays, such as Float32Array.from(numbers).`,
      );
    }
    const width = lengthOf(rows[0] ?? row);
    if (lengthOf(row) !== width) throw unequal(width, lengthOf(row));
    rows.push(row);
    if (gauge.add(readingValues)) yield;
  }
  return rows;
}

function readTensor(tensor: unknown, name: string): Rows {
  if (typeof tensor !== 'object' || tensor === null) throw noEmbeddings(tensor, name);
  const data = readProperty(tensor, 'data', `The embeddings ${name}`);
  const dims = readProperty(tensor, 'dims', `The embeddings ${name}`);
  if (!types.isFloat32Array(data) || !isArray(dims)) throw noEmbeddings(tensor, name);
  const sizes = readSizes(dims, name);
  const [count, width] = sizes.length === 1 ? [1, sizes[0]] : sizes;
  if (count === undefined || width === undefined || count * width !== lengthOf(data)) {
    throw noEmbeddings(tensor, name);
  }
  // There could be thousands of millions of them in no memory.
  if (width === 0 && count > 0) throw withoutValues(name);
  return new TensorRows(data, count, width, name);
}

/** One or two sizes; none if they are no sizes. */
function readSizes(dims: readonly unknown[], name: string): number[] {
  const length = readLength(dims, `The dims of ${name}`);
  if (length !== 1 && length !== 2) return [];
  const sizes: number[] = [];
  for (let i = 0; i < length; i++) {
    const size = readProperty(dims, i, `The dims of ${name}`);
    if (!Number.isSafeInteger(size) || (size as number) < 0) return [];
    sizes.push(size as number);
  }
  return sizes;
}

function noEmbeddings(value: unknown, name: string): Error {
  return createError(
    'ST_INVALID_INPUT',
    `The embeddings ${name} are ${show(value)}. Give a Float32Array, an array of them, or { data, dims } whose sizes agree.`,
  );
}

function withoutValues(name: string): Error {
  return createError(
    'ST_INVALID_INPUT',
    `The embeddings ${name} have no values: their memory may have been transferred to another thread. Give embeddings of at least one value.`,
  );
}

function unequal(one: number, other: number): Error {
  return createError(
    'ST_INVALID_INPUT',
    `Embeddings of ${one} and of ${other} values can't be compared. Use one model and one truncateDim.`,
  );
}

function taken(name: string): Error {
  return createError(
    'ST_INVALID_INPUT',
    `The memory of the embeddings ${name} was transferred or made smaller while they were compared. Leave it alone until the promise settles.`,
  );
}
