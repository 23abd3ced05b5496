/**
 * The whole native surface. Only `lib/native` imports it; it is never re-exported to users.
 * Every value is checked and defaulted in TypeScript before it gets here.
 */

/** `sentence_torch.node`: runs a verified model on libtorch. */
export interface Addon {
  readonly Session: new (options: SessionOptions) => Session;
  /** Devices that libtorch can use now. */
  devices(): { cuda: number };
  /** What the kernels use of this CPU, and which products it has in hardware. ST_INVALID_OPTION for a wrong SENTENCE_TORCH_ISA. */
  cpu(): { isa: string; bfloat16: boolean; int8: boolean };
  /** Names of the optimiser's passes, in the order in which they run: what `disabledPasses` may hold. */
  passes(): string[];
  /** Writes a model with the weights of its linear layers stored in a narrow dtype, off this thread. Resolves with how many. */
  narrow(options: NarrowOptions): Promise<number>;
  /** Stops every stream of this environment and joins it: for the exit handler. Past `timeoutMs` the process ends at once. */
  shutdown(timeoutMs: number, exitCode: number): void;
}

/** Complete and checked: native code defaults nothing. */
export interface SessionOptions {
  modelPath: string;
  /** 'cpu' or 'cuda:N'. */
  device: string;
  dimension: number;
  /** Tokens per text at most. */
  maxSeqLength: number;
  padTokenId: number;
  padLeft: boolean;
  tokenTypeIds: boolean;
  streams: number;
  intraOpThreads: number;
  /** How linear layers are computed: 'float32', 'bfloat16' or 'int8'. */
  dtype: string;
  optimize: boolean;
  /** Those of `passes()` to skip. An unknown one is refused by the constructor with ST_INVALID_OPTION. */
  disabledPasses: readonly string[];
  /** The least cosine to float32 that `dtype` may have. */
  minCosine: number;
  /** Whether float32 takes the place of a `dtype` below that; else load() rejects with ST_LOW_ACCURACY. */
  mayFallBack: boolean;
}

/** Of `narrow`. */
export interface NarrowOptions {
  modelPath: string;
  /** The file to write. */
  outputPath: string;
  /** 'bfloat16' or 'int8'. */
  dtype: string;
}

/** What the optimiser made of the model. */
export interface OptimizationReport {
  /** The passes that changed something, in order, and how often. */
  passes: { name: string; count: number }[];
  /** Passes, and dtypes, that failed or did not hold in the check at load, and why. */
  leftOut: { name: string; reason: string }[];
  /** The least cosine to float32 that the check found; undefined in float32. */
  cosine?: number;
  /** The graph that runs, in TorchScript's own form. */
  graph: string;
  /** Whether padding is left out of the computation. */
  paddingFree: boolean;
  /** Linear layers that are computed in the dtype asked for; the rest of a model is float32. */
  layers: number;
}

/** A batch that waits for a stream, or has one. */
export interface Running {
  done: Promise<void>;
  batch: BatchHandle;
}

declare const handle: unique symbol;
/** Opaque. */
export interface BatchHandle {
  readonly [handle]: never;
}

/** One model on one device, run by streams: long-lived threads that take batches from one queue. */
export interface Session {
  /** Loads, verifies and optimises the model, and warms every stream up. Call it once, before `run`. */
  load(): Promise<OptimizationReport>;
  /**
   * Runs one batch. `ids` holds the token ids of all texts end to end, `lengths` how many each has.
   * The embedding of text i is written into `rows[i]`, cut to its length. Inputs are copied before the call returns.
   * Urgent batches go first; of five batches at least one is not urgent, if any such waits.
   */
  // biome-ignore format: one line, as it stands above the native method
  run(ids: Int32Array, lengths: Int32Array, rows: readonly Float32Array[], urgent: boolean): Running;
  /** Whether no stream has begun the batch. */
  waits(batch: BatchHandle): boolean;
  /** Puts more texts into a batch; false, and nothing has changed, once a stream has begun it. */
  // biome-ignore format: one line, as it stands above the native method
  extend(batch: BatchHandle, ids: Int32Array, lengths: Int32Array, rows: readonly Float32Array[]): boolean;
  /** Leaves texts of a batch out, by their places in it; false, and nothing has changed, once a stream has begun it. */
  cancel(batch: BatchHandle, places: Int32Array): boolean;
  /** Ends the streams after the batches they run; resolves when their threads have ended and the weights are freed. */
  dispose(): Promise<void>;
}

/** `preload.node`: links against nothing; opens libtorch by absolute path before the addon above is loaded. */
export interface Preload {
  /** The libtorch whose headers this build was compiled with, such as '2.13.0'. */
  readonly builtFor: string;
  /** Opens the shared libraries in order. Throws an Error with the system's own message. */
  open(paths: readonly string[]): void;
}
