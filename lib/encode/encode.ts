import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { normalizeInPlace } from './normalize.ts';
import type { ResolvedEncodeOptions } from './options.ts';
import { reportProgress } from './progress.ts';

/** The embeddings of one call: rows are views on `data`, in the order of the texts. */
export interface EncodedTexts {
  readonly data: Float32Array;
  readonly rows: Float32Array[];
}

/**
 * Texts that are tokenized and queued together. Large enough to sort into batches of nearly equal lengths, small enough
 * that a long list neither stalls the event loop nor lies around as token ids.
 */
const windowSize = 1024;

/** Encodes checked texts with checked options. */
export async function encodeTexts(
  tokenizer: Tokenizer,
  scheduler: Scheduler,
  texts: readonly string[],
  prompt: string,
  options: ResolvedEncodeOptions,
): Promise<EncodedTexts> {
  const data = new Float32Array(texts.length * options.truncateDim);
  const rows: Float32Array[] = [];
  const progress = reportProgress(options.showProgressBar, texts.length);
  const call = {
    limits: options,
    onWritten(items: readonly { readonly row: Float32Array }[]) {
      if (options.normalizeEmbeddings) for (const { row } of items) normalizeInPlace(row);
      progress.add(items.length);
    },
  };

  // One window waits while the next is tokenized: the streams never run dry, and two windows are all that is held.
  let earlier = Promise.resolve();
  let latest = Promise.resolve();
  try {
    for (let start = 0; start < texts.length; start += windowSize) {
      const window = texts.slice(start, start + windowSize).map((text) => prompt + text);
      const ids = await tokenizer.encodeBatch(window);
      await earlier;
      earlier = latest;
      latest = scheduler.submit(
        call,
        ids.map((textIds, i) => {
          const at = (start + i) * options.truncateDim;
          const row = data.subarray(at, at + options.truncateDim);
          rows.push(row);
          return { ids: textIds, row };
        }),
      );
      latest.catch(() => {}); // awaited below or one window later; until then it must not count as unhandled
    }
    await Promise.all([earlier, latest]);
  } finally {
    progress.stop();
  }
  return { data, rows };
}
