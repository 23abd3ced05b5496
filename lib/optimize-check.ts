import { isDeepStrictEqual } from 'node:util';
import type { LoadOptions } from './encode/options.ts';
import { createError } from './errors.ts';
import type { NarrowDtype } from './native/narrow.ts';
import { cosine } from './search/scores.ts';
import { SentenceTransformer } from './sentence-transformer.ts';

/**
 * The narrow folder, loaded as users will, against the source, converted at load: the optimiser must do the same to both,
 * and the embeddings must tell the same. Their last bits need not be equal: where libtorch computes a part of a model,
 * nothing promises that they are the same from load to load, and int8 makes steps of them.
 *
 * @throws ST_MODEL_DAMAGED
 */
export async function checkSame(
  source: string,
  folder: string,
  dtype: NarrowDtype,
  acceptCosine: number | undefined,
): Promise<void> {
  const options = acceptCosine === undefined ? { dtype } : { dtype, acceptCosine };
  const expected = await sample(source, options);
  const got = await sample(folder, options);
  if (isDeepStrictEqual(got.passes, expected.passes) && agree(got.vectors, expected.vectors)) {
    return;
  }
  throw createError(
    'ST_MODEL_DAMAGED',
    `${source} is computed otherwise with stored ${dtype} weights than with weights converted at load, so nothing was ` +
      'written. The optimiser leaves a part of this model alone that it would have to convert: keep the float32 folder.',
  );
}

/** What two int8 roundings of one model stay above: int8 is within 0.98 of float32. */
const minCosine = 0.95;

/** Whether embeddings are the same but for rounding. */
export function agree(got: readonly Float32Array[], expected: readonly Float32Array[]): boolean {
  return got.every((vector, i) => {
    const other = expected[i] as Float32Array;
    if (isDeepStrictEqual(vector, other)) return true; // zeros have no cosine
    return vector.length === other.length && cosine(vector, other) > minCosine;
  });
}

async function sample(folder: string, options: LoadOptions) {
  await using model = await SentenceTransformer.load(folder, {
    device: 'cpu',
    streams: 1,
    ...options,
  });
  const vectors = await model.encode(samples, { convertToTensor: false });
  const passes = model.optimizations.map(({ name, count }) => ({ name, count }));
  return { passes, vectors };
}

const samples = [
  '',
  'This is an example sentence.',
  'A text that is cut at the limit. '.repeat(99),
];
