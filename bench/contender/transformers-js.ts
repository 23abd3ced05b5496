import path from 'node:path';
import { env, type PretrainedModelOptions, pipeline } from '@huggingface/transformers';
import { Batcher } from './batcher.ts';
import type { Contender } from './contender.ts';
import type { Start } from './messages.ts';

/** transformers.js, float32 on the CPU, with the micro-batcher above it. */
export async function openTransformersJs({ folder, intraOpThreads }: Start): Promise<Contender> {
  env.allowRemoteModels = false;
  env.localModelPath = path.dirname(folder);
  const options: PretrainedModelOptions = { dtype: 'fp32', device: 'cpu' };
  if (intraOpThreads !== undefined) options.session_options = { intraOpNumThreads: intraOpThreads };
  const extract = await pipeline('feature-extraction', path.basename(folder), options);
  const run = async (texts: string[]): Promise<Float32Array[]> => {
    const { data, dims } = await extract(texts, { pooling: 'mean', normalize: true });
    const values = data as Float32Array;
    const dimension = dims.at(-1) as number;
    return texts.map((_, i) => values.subarray(i * dimension, (i + 1) * dimension));
  };
  const batcher = new Batcher(run);
  return {
    encode: (text) => batcher.encode(text),
    setBatchSize(size) {
      batcher.size = size;
    },
  };
}
