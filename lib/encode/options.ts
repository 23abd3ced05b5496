import { createError } from '../errors.ts';
import type { Priority } from '../scheduler/call.ts';
import {
  checkNames,
  checkSignal,
  milliseconds,
  ofType,
  positiveInteger,
  show,
  wellFormed,
} from '../util/check.ts';
import { readNames } from '../util/read.ts';

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
   * Most tokens in one batch: their sum where the model runs without padding, else longest text x number of texts. A
   * longer text runs alone.
   * Default: 512 on the CPU, 16384 on CUDA.
   */
  maxBatchTokens?: number;
  /** Scale each embedding to length 1, after `truncateDim`. Default: false (the model may do so itself). */
  normalizeEmbeddings?: boolean;
  /**
   * Keep the first values of each embedding only (Matryoshka models). More than the model gives are all of them. Default: as
   * many as the model was saved with, which is all unless it has a `truncate_dim`.
   */
  truncateDim?: number;
  /** Put before every text as it stands. Wins over `promptName`. */
  prompt?: string;
  /** Name of one of the model's `prompts` to put before every text. Default: the model's default prompt, if it has one. */
  promptName?: string;
  /** `true` draws a bar on stderr if that is a terminal; a function is called after each batch. Default: false. */
  showProgressBar?: boolean | ((progress: Progress) => void);
  /**
   * `'interactive'` texts go before `'bulk'` ones, which keep a share. Default: `'bulk'` for a list of more tokens than
   * `maxBatchTokens` and for a text of over 65,536 characters, else `'interactive'`.
   */
  priority?: Priority;
  /**
   * Reject with `ST_TIMEOUT` after so many milliseconds; what has not run by then never runs. 0 rejects at once. Default: no
   * limit.
   */
  timeoutMs?: number;
  /** Reject with `ST_ABORTED` when it fires; what has not run by then never runs. */
  signal?: AbortSignal;
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
  /**
   * How linear layers and attention are computed. Weights are converted while the model is loaded, or were once, by
   * {@link optimizeModel}.
   * - `'float32'`: as Python does. On CPUs with AMX, products take a faster form of 16 bits of mantissa if, in a check at load,
   *   it changes no value of this model's embeddings of a few made-up texts by more than 2e-6.
   * - `'bfloat16'`: faster on a CPU that has it in hardware; cosine to float32 at least 0.9995.
   * - `'int8'`: weights per channel, activations as they come; cosine to float32 at least 0.98.
   * - `'auto'`: bfloat16 where the CPU has it in hardware and its cosine is at least 0.9995, else float32; never int8.
   *
   * The cosines are those of a few made-up texts, computed while the model is loaded. A dtype asked for by name that stays below
   * is refused with `ST_LOW_ACCURACY`, unless `acceptCosine` takes it.
   *
   * A folder of {@link optimizeModel} takes only its own dtype, or `'auto'`, which means the same. It is computed in float32,
   * from the weights it has, on CUDA and where `optimize` leaves the linear layers alone.
   *
   * On CUDA there is only float32 yet. Default: that of the folder, so `'float32'` as exported.
   */
  dtype?: 'float32' | 'bfloat16' | 'int8' | 'auto';
  /**
   * Take a `dtype` whose cosine to float32 is at least so much, in place of the floor it has: more than 0, at most 1. Measure what
   * it does to your own task first. Default: 0.9995 for bfloat16, 0.98 for int8.
   */
  acceptCosine?: number;
  /**
   * Rewrite the model into a faster one that gives the same embeddings, as far as this library knows its parts; what it
   * does not know runs as it is. `false`: run the plain trace; `{ disable: [...] }`: skip passes by name, to find out
   * which of them matters. `model.optimizations` lists what was done. Default: true.
   */
  optimize?: boolean | { disable: readonly string[] };
  /**
   * Batches that run at once, each on its own thread. A stream without a batch helps one that has one, so that a text
   * alone uses all cores, and a full queue one core per stream. All models in the process share its cores: there are
   * never more threads at work than those. Default: one per core on the CPU, 1 on CUDA.
   */
  streams?: number;
  /**
   * Threads of libtorch's own operators in each batch: those that the optimiser does not replace. They are taken from the
   * same cores, so more of them are worth it only with fewer streams. Default: the cores shared out among the streams.
   */
  intraOpThreads?: number;
  /**
   * Most texts that may be queued, whatever their calls; a call over it is rejected at once with `ST_OVERLOADED`. A call
   * to an idle model is always taken. Default: 100000.
   */
  maxQueuedTexts?: number;
  /** The same in tokens, estimated from characters until they are tokenized. Default: no limit. */
  maxQueuedTokens?: number;
  /** Let texts wait so many milliseconds for others to share a batch with, even when a stream is free. Default: 0. */
  maxQueueDelayMs?: number;
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
  readonly priority: Priority | undefined;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly convertToTensor: boolean;
}

/** What the defaults depend on. */
export interface EncodeDefaults {
  /** Values that the model computes. */
  readonly dimension: number;
  /** Of them, those that it gives if a call does not say otherwise. */
  readonly truncateDim: number;
  readonly maxBatchTokens: number;
}

/** Checks and defaults the options of one encode(). */
export function resolveEncodeOptions(
  options: EncodeOptions,
  defaults: EncodeDefaults,
): ResolvedEncodeOptions {
  const given = checkNames<EncodeOptions>(options, encodeOptionNames, 'encode()');
  const truncateDim = positiveInteger(given, 'truncateDim') ?? defaults.truncateDim;
  return {
    batchSize: positiveInteger(given, 'batchSize') ?? Number.MAX_SAFE_INTEGER,
    maxBatchTokens: positiveInteger(given, 'maxBatchTokens') ?? defaults.maxBatchTokens,
    normalizeEmbeddings: ofType(given, 'normalizeEmbeddings', 'boolean') ?? false,
    truncateDim: Math.min(truncateDim, defaults.dimension), // as in Python
    prompt: wellFormed(given, 'prompt'),
    promptName: ofType(given, 'promptName', 'string'),
    showProgressBar:
      typeof given.showProgressBar === 'function'
        ? given.showProgressBar
        : (ofType(given, 'showProgressBar', 'boolean', 'a boolean or a function') ?? false),
    priority: checkPriority(given.priority),
    timeoutMs: milliseconds(given, 'timeoutMs'),
    signal: checkSignal(given.signal),
    convertToTensor: ofType(given, 'convertToTensor', 'boolean') ?? false,
  };
}

/** Checks and defaults the options of one encodeStream(), whose texts are work in bulk. */
export function resolveStreamOptions(
  options: EncodeOptions,
  defaults: EncodeDefaults,
): ResolvedEncodeOptions {
  const resolved = resolveEncodeOptions(options, defaults);
  if (resolved.convertToTensor || resolved.showProgressBar !== false) {
    throw createError(
      'ST_UNKNOWN_OPTION',
      'encodeStream() has no convertToTensor and no showProgressBar: it yields embeddings one by one.',
    );
  }
  return { ...resolved, priority: resolved.priority ?? 'bulk' };
}

function checkPriority(value: unknown): Priority | undefined {
  if (value === undefined || value === 'interactive' || value === 'bulk') return value;
  throw createError(
    'ST_INVALID_OPTION',
    `priority is ${show(value)}. Give 'interactive' or 'bulk'.`,
  );
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
  checkDtype(given.dtype);
  checkCosine(given.acceptCosine);
  const optimize = checkOptimize(given.optimize);
  positiveInteger(given, 'streams', 1024);
  positiveInteger(given, 'intraOpThreads', 1024);
  positiveInteger(given, 'maxQueuedTexts');
  positiveInteger(given, 'maxQueuedTokens');
  milliseconds(given, 'maxQueueDelayMs');
  return optimize === undefined ? { ...given, device } : { ...given, device, optimize };
}

function checkDtype(value: unknown): void {
  if (value === undefined || dtypes.includes(value)) return;
  throw createError(
    'ST_INVALID_OPTION',
    `dtype is ${show(value)}. Give 'float32', 'bfloat16', 'int8' or 'auto'.`,
  );
}

/** Checks an `acceptCosine` that may be left out. */
export function checkCosine(value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && value > 0 && value <= 1)) return value;
  throw createError(
    'ST_INVALID_OPTION',
    `acceptCosine is ${show(value)}. Give a number above 0 and up to 1.`,
  );
}

/** The native side knows the names of the passes and checks them. */
function checkOptimize(value: unknown): LoadOptions['optimize'] {
  if (value === undefined || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) {
    throw createError(
      'ST_INVALID_OPTION',
      `optimize is ${show(value)}. Give a boolean, or { disable: ['name of a pass', ...] }.`,
    );
  }
  const { disable } = checkNames<{ disable: unknown }>(value, { disable: true }, 'optimize');
  const names = readNames(disable, 'The names in optimize.disable');
  if (names === undefined) {
    throw createError(
      'ST_INVALID_OPTION',
      `optimize.disable is ${show(disable)}. Give an array of names of passes.`,
    );
  }
  return { disable: names };
}

const dtypes: readonly unknown[] = ['float32', 'bfloat16', 'int8', 'auto'];

const encodeOptionNames: Record<keyof EncodeOptions, true> = {
  batchSize: true,
  maxBatchTokens: true,
  normalizeEmbeddings: true,
  truncateDim: true,
  prompt: true,
  promptName: true,
  showProgressBar: true,
  priority: true,
  timeoutMs: true,
  signal: true,
  convertToTensor: true,
};

const loadOptionNames: Record<keyof LoadOptions, true> = {
  device: true,
  dtype: true,
  acceptCosine: true,
  optimize: true,
  streams: true,
  intraOpThreads: true,
  maxQueuedTexts: true,
  maxQueuedTokens: true,
  maxQueueDelayMs: true,
};
