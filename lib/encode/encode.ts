import { createError } from '../errors.ts';
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
 * How much is tokenized and queued together. Enough to sort into batches of nearly equal lengths, little enough that a
 * long list, or a list of long texts, neither stalls the event loop nor lies around as token ids.
 */
const maxWindowTexts = 1024;
const maxWindowCharacters = 1 << 18;

/** Encodes checked texts with checked options. */
export async function encodeTexts(
  tokenizer: Tokenizer,
  scheduler: Scheduler,
  texts: readonly string[],
  prompt: string,
  options: ResolvedEncodeOptions,
): Promise<EncodedTexts> {
  const data = allocate(texts.length * options.truncateDim);
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
    for (const { start, end } of windows(texts)) {
      const prompted = texts.slice(start, end).map((text) => prompt + text);
      const ids = await tokenizer.encodeBatch(prompted);
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

function* windows(texts: readonly string[]): Generator<{ start: number; end: number }> {
  let start = 0;
  let characters = 0;
  for (let i = 0; i < texts.length; i++) {
    characters += (texts[i] as string).length;
    const full = i + 1 - start === maxWindowTexts || characters >= maxWindowCharacters;
    if (!full && i + 1 < texts.length) continue;
    yield { start, end: i + 1 };
    start = i + 1;
    characters = 0;
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
