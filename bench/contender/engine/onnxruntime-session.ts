import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Texts x tokens, padded with 0. */
export interface Batch {
  readonly ids: BigInt64Array<ArrayBuffer>;
  readonly mask: BigInt64Array<ArrayBuffer>;
  readonly dims: readonly [texts: number, width: number];
}

export type RunBatch = (batch: Batch) => Promise<Float32Array>;

/** A session of the graph of a whole model. */
export async function openSession(file: string, threads: number): Promise<RunBatch> {
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  return async ({ ids, mask, dims }) => {
    const outputs = await session.run({
      input_ids: new Tensor('int64', ids, dims),
      attention_mask: new Tensor('int64', mask, dims),
      token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), dims),
    });
    return outputs.sentence_embedding?.data as Float32Array;
  };
}
