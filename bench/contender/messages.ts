import type { LanesOptions, LanesResult } from './lanes.ts';

export type ContenderName = 'sentence-torch' | 'transformers.js';

/** What a contender's process is started with. */
export interface Start {
  contender: ContenderName;
  /** The model's folder in the form that the contender reads. */
  folder: string;
  /** Threads of one forward; the contender's default if absent. */
  intraOpThreads?: number;
}

/** Tokens since the process started, of contenders that count them. */
export interface TokenCounts {
  tokens: number;
  /** Padding included. */
  computed: number;
}

/** One phase, measured in the contender's process. */
export interface Measured {
  textsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  loopP99Ms: number;
  /** Share of the computed tokens that was padding; NaN if the contender does not count them. */
  padding: number;
}

export interface OpenOptions {
  rate: number;
  seconds: number;
  seed: number;
}

export interface ClosedOptions {
  callers: number;
  seconds: number;
  seed: number;
}

/** What a contender's process can be asked to do: options and result of each. */
export interface Tasks {
  /** Micro-batches of up to so many texts; only where the contender does not batch across callers by itself. */
  setBatchSize: { options: number; result: undefined };
  vectors: { options: { count: number; seed: number }; result: Float32Array[] };
  open: { options: OpenOptions; result: Measured };
  closed: { options: ClosedOptions; result: Measured };
  /** One encode of many texts: the share of padding. */
  bulkPadding: { options: { count: number; seed: number }; result: number };
  lanes: { options: LanesOptions; result: LanesResult };
}
