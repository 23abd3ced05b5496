import path from 'node:path';
import { EmbeddingModel, FlagEmbedding } from 'fastembed';
import type { Engine } from './engine.ts';
import type { Start } from './protocol.ts';

/** fastembed with the same ONNX file as a custom model. It takes the first token, and pads every text to `maxLength`. */
export async function openFastembed({ folder, graph, maxTokens }: Start): Promise<Engine> {
  const model = await FlagEmbedding.init({
    model: EmbeddingModel.CUSTOM,
    modelAbsoluteDirPath: folder,
    modelName: path.join('onnx', `${graph}.onnx`),
    maxLength: maxTokens,
  });
  return {
    async encode(texts, batch = 8) {
      const embeddings: Float32Array[] = [];
      for await (const rows of model.embed([...texts], batch)) {
        embeddings.push(...rows.map((row) => Float32Array.from(row)));
      }
      return embeddings;
    },
  };
}
