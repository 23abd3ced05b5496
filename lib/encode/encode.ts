import { createError } from '../errors.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { normalizeInPlace } from './normalize.ts';
import type { ResolvedEncodeOptions } from './options.ts';
import { reportProgress } from './progress.ts';

/** The embeddings of one call: rows are views on `data`, in the order of the texts. */
export interface EncodedTexts {
  readonly data: Float32Array;
  readonly rows: Float32Array[];
}

/** Encodes checked texts with checked options. */
export async function encodeTexts(
  scheduler: Scheduler,
  texts: readonly string[],
  prompt: string,
  options: ResolvedEncodeOptions,
): Promise<EncodedTexts> {
  const data = allocate(texts.length * options.truncateDim);
  const rows = new Array<Float32Array>(texts.length);
  const progress = reportProgress(options.showProgressBar, texts.length);
  const request = {
    texts,
    prompt,
    priority: options.priority,
    limits: options,
    row(index: number): Float32Array {
      const start = index * options.truncateDim;
      const row = data.subarray(start, start + options.truncateDim);
      rows[index] = row;
      return row;
    },
    onWritten(written: readonly Float32Array[]): void {
      if (options.normalizeEmbeddings) for (const row of written) normalizeInPlace(row);
      progress.add(written.length);
    },
  };
  try {
    await scheduler.submit(request, options);
  } finally {
    progress.stop();
  }
  return { data, rows };
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
