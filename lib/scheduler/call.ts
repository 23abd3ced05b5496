import { AsyncResource } from 'node:async_hooks';
import type { Batch } from './batch.ts';
import type { Limits } from './policy.ts';

/** Who goes first: texts that somebody waits for, or work in bulk. */
export type Priority = 'interactive' | 'bulk';

/** What one encode() asks of the scheduler. */
export interface CallRequest {
  readonly texts: readonly string[];
  readonly prompt: string;
  /** Default: bulk for more tokens than one batch holds. */
  readonly priority?: Priority | undefined;
  readonly limits: Limits;
  /** Called once when the call is taken, before any row is asked for: makes room for the rows. */
  open(): void;
  /** Where the embedding of each text goes. */
  row(index: number): Float32Array;
  /** Called after each batch with the rows of this call that it wrote. */
  onWritten(rows: readonly Float32Array[]): void;
}

/**
 * One encode() on its way through the scheduler. It settles exactly once; from then on it is over, and nothing that
 * still arrives for it has any effect.
 */
export class Call {
  readonly request: CallRequest;
  readonly priority: Priority;
  /** Milliseconds of the scheduler's clock. */
  readonly startedAt: number;
  readonly done: Promise<void>;
  /** Index of the first text that no tokenizer has been given yet. */
  nextText = 0;
  /** Texts whose rows are written. */
  written = 0;
  /** Tokens of all its texts, estimated from their characters. */
  readonly estimatedTokens: number;
  /** Batches at the streams that hold texts of it. */
  readonly batches = new Set<Batch>();
  /** Its place among the calls of its lane; see Waiting.turn. */
  turn = 0;
  // A hundred times cheaper than AsyncLocalStorage.snapshot().
  readonly #context = new AsyncResource('sentence-torch.call');
  #settle: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(request: CallRequest, startedAt: number, estimatedTokens: number) {
    this.request = request;
    this.startedAt = startedAt;
    this.estimatedTokens = estimatedTokens;
    this.priority = priorityOf(request, estimatedTokens);
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get isOver(): boolean {
    return this.#settle === undefined;
  }

  /** Texts that are not written. */
  get textsLeft(): number {
    return this.request.texts.length - this.written;
  }

  /** Their tokens, as estimated. */
  get tokensLeft(): number {
    return Math.round((this.estimatedTokens * this.textsLeft) / this.request.texts.length);
  }

  /** Runs what reports of it in the async context of its caller: batches end in that of nobody, or of others. */
  inContext(report: () => void): void {
    this.#context.runInAsyncScope(report);
  }

  resolve(): void {
    this.#settle?.resolve();
    this.#settle = undefined;
  }

  reject(error: unknown): void {
    this.#settle?.reject(error);
    this.#settle = undefined;
  }
}

/** Characters of one text from which on reading it takes longer than computing it. */
const hugeCharacters = 1 << 16;

/** One text is interactive; a list that fills more than a batch is work in bulk, and so is a text of very many characters. */
export function priorityOf(request: CallRequest, estimatedTokens: number): Priority {
  if (request.priority) return request.priority;
  if (request.texts.some((text) => text.length > hugeCharacters)) return 'bulk';
  const isLong = request.texts.length > 1 && estimatedTokens > request.limits.maxBatchTokens;
  return isLong ? 'bulk' : 'interactive';
}
