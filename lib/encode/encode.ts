import { createError } from '../errors.ts';
import type { CallRequest } from '../scheduler/call.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { normalizeInPlace } from './normalize.ts';
import type { ResolvedEncodeOptions } from './options.ts';
import { type ProgressReporter, reportProgress } from './progress.ts';

/** The embeddings of one call: rows are views on `data`, in the order of the texts. */
export interface EncodedTexts {
  readonly data: Float32Array;
  readonly rows: Float32Array[];
}

/** Encodes checked texts with checked options. What the scheduler can't take is thrown at once. */
export function encodeTexts(
  scheduler: Scheduler,
  texts: readonly string[],
  prompt: string,
  options: ResolvedEncodeOptions,
): Promise<EncodedTexts> {
  const request = new EncodeRequest(texts, prompt, options);
  try {
    return request.settle(scheduler.submit(request, options));
  } catch (error) {
    request.stop(); // a bar that is drawn would keep the process alive
    throw error;
  }
}

// Until a call is taken: one that is refused makes nothing.
const noRows: Float32Array[] = [];
const noData: Float32Array = new Float32Array();

/** What one encode() asks for, and where its embeddings gather. */
class EncodeRequest implements CallRequest {
  readonly texts: readonly string[];
  readonly prompt: string;
  readonly limits: ResolvedEncodeOptions;
  #rows = noRows;
  #data = noData;
  #progress: ProgressReporter | undefined;

  constructor(texts: readonly string[], prompt: string, options: ResolvedEncodeOptions) {
    this.texts = texts;
    this.prompt = prompt;
    this.limits = options;
  }

  get priority(): CallRequest['priority'] {
    return this.limits.priority;
  }

  open(): void {
    const { truncateDim, showProgressBar } = this.limits;
    this.#data = allocate(this.texts.length * truncateDim);
    this.#rows = new Array(this.texts.length);
    this.#progress = reportProgress(showProgressBar, this.texts.length);
  }

  row(index: number): Float32Array {
    const { truncateDim } = this.limits;
    const start = index * truncateDim;
    const row = this.#data.subarray(start, start + truncateDim);
    this.#rows[index] = row;
    return row;
  }

  onWritten(written: readonly Float32Array[]): void {
    if (this.limits.normalizeEmbeddings) for (const row of written) normalizeInPlace(row);
    this.#progress?.add(written.length);
  }

  /** The embeddings, once all are `written`. */
  async settle(written: Promise<void>): Promise<EncodedTexts> {
    try {
      await written;
    } finally {
      this.stop();
    }
    return { data: this.#data, rows: this.#rows };
  }

  /** It is over, or was not taken. */
  stop(): void {
    this.#progress?.stop();
  }
}

function allocate(values: number): Float32Array {
  try {
    return new Float32Array(values);
  } catch (error) {
    throw createError(
      'ST_OUT_OF_MEMORY',
      `The embeddings of this call need ${values * 4} bytes, which can't be allocated. Encode fewer texts at once.`,
      { cause: error },
    );
  }
}
