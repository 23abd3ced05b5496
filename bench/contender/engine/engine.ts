import type { Start } from './protocol.ts';

/** A library that turns many texts into embeddings. */
export interface Engine {
  /** `batch`: texts, or for onnxruntime tokens, of one forward; only where the library takes it. */
  encode(texts: readonly string[], batch?: number): Promise<readonly Float32Array[]>;
}

const openers: Record<string, () => Promise<(start: Start) => Promise<Engine>>> = {
  'sentence-torch': async () => (await import('./sentence-torch.ts')).openSentenceTorch,
  'transformers.js': async () => (await import('./transformers-js.ts')).openTransformersJs,
  fastembed: async () => (await import('./fastembed.ts')).openFastembed,
  onnxruntime: async () => (await import('./onnxruntime.ts')).openOnnxruntime,
};

/** Loads the one library that is meant, and nothing of the others. */
export async function openEngine(start: Start): Promise<Engine> {
  const opener = openers[start.engine];
  if (opener === undefined) throw new Error(`There is no engine ${start.engine} in Node.js.`);
  return (await opener())(start);
}

/** Rows of a flat [n, dimension] array. */
export function rowsOf(values: Float32Array, dimension: number): Float32Array[] {
  return Array.from({ length: values.length / dimension }, (_, i) =>
    values.subarray(i * dimension, (i + 1) * dimension),
  );
}
