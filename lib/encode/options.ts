import { createError } from '../errors.ts';

/** How far an encode() has come. */
export interface Progress {
  /** Texts whose embedding is done. */
  readonly completed: number;
  /** Texts of the call. */
  readonly total: number;
}

/** Options of one `encode()`. Every one may be left out. */
export interface EncodeOptions {
  /** Most texts in one batch. Default: no limit but `maxBatchTokens`. */
  batchSize?: number;
  /**
   * Most tokens in one batch, padding included: longest text x number of texts. A longer text runs alone.
   * Default: 512 on the CPU, 16384 on CUDA.
   */
  maxBatchTokens?: number;
  /** Scale each embedding to length 1, after `truncateDim`. Default: false (the model may do so itself). */
  normalizeEmbeddings?: boolean;
  /** Keep the first values of each embedding only (Matryoshka models). 1 to the model's dimension. Default: all. */
  truncateDim?: number;
  /** Put before every text as it stands. Wins over `promptName`. */
  prompt?: string;
  /** Name of one of the model's `prompts` to put before every text. Default: the model's default prompt, if it has one. */
  promptName?: string;
  /** `true` draws a bar on stderr if that is a terminal; a function is called after each batch. Default: false. */
  showProgressBar?: boolean | ((progress: Progress) => void);
  /** Give one `{ data, dims }` over all embeddings instead of one Float32Array per text. Default: false. */
  convertToTensor?: boolean;
}

/** Options of `SentenceTransformer.load()`. */
export interface LoadOptions {
  /**
   * `'cpu'`, `'cuda'` (the first GPU), `'cuda:1'`, or `'auto'`: CUDA if libtorch can use it, else the CPU.
   * Default: `'auto'`.
   */
  device?: string;
  /** Batches that run at once, each on its own thread. Default: one per core on the CPU, 1 on CUDA. */
  streams?: number;
  /** Threads that work on one batch. Default: the cores shared out among the streams. */
  intraOpThreads?: number;
}

/** The options that shape a call's batches and rows, complete. */
export interface ResolvedEncodeOptions {
  readonly batchSize: number;
  readonly maxBatchTokens: number;
  readonly normalizeEmbeddings: boolean;
  readonly truncateDim: number;
  readonly prompt: string | undefined;
  readonly promptName: string | undefined;
  readonly showProgressBar: boolean | ((progress: Progress) => void);
  readonly convertToTensor: boolean;
}

/** What the defaults depend on. */
export interface EncodeDefaults {
  readonly dimension: number;
  readonly maxBatchTokens: number;
}

/** Checks and defaults the options of one encode(). */
export function resolveEncodeOptions(
  options: EncodeOptions,
  defaults: EncodeDefaults,
): ResolvedEncodeOptions {
  const given = checkNames<EncodeOptions>(options, encodeOptionNames, 'encode()');
  const truncateDim = positiveInteger(given, 'truncateDim') ?? defaults.dimension;
  if (truncateDim > defaults.dimension) {
    throw createError(
      'ST_INVALID_OPTION',
      `truncateDim is ${truncateDim}, but the model's embeddings have ${defaults.dimension} values. ` +
        `Give 1 to ${defaults.dimension}.`,
    );
  }
  return {
    batchSize: positiveInteger(given, 'batchSize') ?? Number.MAX_SAFE_INTEGER,
    maxBatchTokens: positiveInteger(given, 'maxBatchTokens') ?? defaults.maxBatchTokens,
    normalizeEmbeddings: ofType(given, 'normalizeEmbeddings', 'boolean') ?? false,
    truncateDim,
    prompt: wellFormed(given, 'prompt'),
    promptName: ofType(given, 'promptName', 'string'),
    showProgressBar:
      typeof given.showProgressBar === 'function'
        ? given.showProgressBar
        : (ofType(given, 'showProgressBar', 'boolean', 'a boolean or a function') ?? false),
    convertToTensor: ofType(given, 'convertToTensor', 'boolean') ?? false,
  };
}

/** Checks the options of load(); their defaults depend on the device. */
export function checkLoadOptions(options: LoadOptions): LoadOptions {
  const given = checkNames<LoadOptions>(options, loadOptionNames, 'load()');
  const device = ofType(given, 'device', 'string') ?? 'auto';
  if (!/^(auto|cpu|cuda(:\d{1,3})?)$/.test(device)) {
    throw createError(
      'ST_INVALID_OPTION',
      `device is ${show(device)}. Give 'auto', 'cpu', 'cuda' or 'cuda:0', 'cuda:1', ...`,
    );
  }
  positiveInteger(given, 'streams', 1024);
  positiveInteger(given, 'intraOpThreads', 1024);
  return { ...given, device };
}

const encodeOptionNames: Record<keyof EncodeOptions, true> = {
  batchSize: true,
  maxBatchTokens: true,
  normalizeEmbeddings: true,
  truncateDim: true,
  prompt: true,
  promptName: true,
  showProgressBar: true,
  convertToTensor: true,
};

const loadOptionNames: Record<keyof LoadOptions, true> = {
  device: true,
  streams: true,
  intraOpThreads: true,
};

function checkNames<T extends object>(
  options: unknown,
  names: Record<keyof T, true>,
  caller: string,
): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw createError(
      'ST_INVALID_OPTION',
      `The options of ${caller} are ${show(options)}. Give an object, such as { ${Object.keys(names)[0]}: ... }.`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) {
      throw createError(
        'ST_UNKNOWN_OPTION',
        `${caller} has no option ${show(name)}. It has: ${Object.keys(names).join(', ')}.`,
      );
    }
  }
  return options as T;
}

function positiveInteger<T extends object>(
  options: T,
  name: keyof T & string,
  max: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = ofType(options, name, 'number', 'a whole number');
  if (value !== undefined && (!Number.isSafeInteger(value) || value < 1 || value > max)) {
    const range = max === Number.MAX_SAFE_INTEGER ? 'of at least 1' : `from 1 to ${max}`;
    throw createError(
      'ST_INVALID_OPTION',
      `${name} is ${show(value)}. Give a whole number ${range}.`,
    );
  }
  return value;
}

function wellFormed<T extends object>(options: T, name: keyof T & string): string | undefined {
  const value = ofType(options, name, 'string');
  if (value?.isWellFormed() === false) {
    throw createError(
      'ST_INVALID_OPTION',
      `${name} holds a lone surrogate (half of a character). Repair it with toWellFormed().`,
    );
  }
  return value;
}

interface Types {
  boolean: boolean;
  number: number;
  string: string;
}

function ofType<T extends object, K extends keyof Types>(
  options: T,
  name: keyof T & string,
  type: K,
  wanted = `a ${type}`,
): Types[K] | undefined {
  const value: unknown = options[name];
  if (value === undefined) return undefined;
  if (typeof value !== type) {
    throw createError('ST_INVALID_OPTION', `${name} is ${show(value)}. Give ${wanted}.`);
  }
  return value as Types[K];
}

/** A value as a message shows it: short, and safe for any value. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  }
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
