import { Batcher } from './batcher.ts';
import type { Contender } from './contender.ts';
import { openExtractor } from './engine/transformers-js.ts';
import type { Start } from './messages.ts';

/** transformers.js, float32 on the CPU, with the micro-batcher above it. */
export async function openTransformersJs({ folder, intraOpThreads }: Start): Promise<Contender> {
  const threads = intraOpThreads === undefined ? {} : { threads: intraOpThreads };
  const batcher = new Batcher(await openExtractor({ folder, dtype: 'fp32', ...threads }));
  return {
    encode: (text) => batcher.encode(text),
    setBatchSize(size) {
      batcher.size = size;
    },
  };
}
