// Compiled, never run: the same types through require().
import sentenceTorch = require('sentence-torch');

export async function use(): Promise<Float32Array> {
  const model = await sentenceTorch.SentenceTransformer.load('folder');
  return model.encode('text');
}
