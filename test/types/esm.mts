// Compiled, never run: what TypeScript users of the package see (npm run typecheck).
import {
  type EncodeOptions,
  type ErrorCode,
  SentenceTorchError,
  SentenceTransformer,
  type Tensor,
} from 'sentence-torch';

export async function use(): Promise<void> {
  await using model = await SentenceTransformer.load('folder', { device: 'cpu', streams: 2 });

  const one: Float32Array = await model.encode('text');
  const many: Float32Array[] = await model.encode(['a', 'b'] as const);
  const tensor: Tensor = await model.encode(['a'], { convertToTensor: true });
  const options: EncodeOptions = { showProgressBar: ({ completed, total }) => completed / total };
  await model.encode('text', { ...options, convertToTensor: false });
  const any = await model.encode('text', options);
  if (any instanceof Float32Array) any.fill(0);
  const either: string | string[] = JSON.parse('"text"');
  const vectors: Float32Array | Float32Array[] = await model.encode(either);
  // @ts-expect-error a list may have been given
  const single: Float32Array = vectors;
  model.similarity(single, many);
  model.similarity(one, many).data.at(tensor.dims.length);

  // @ts-expect-error an unknown option
  await model.encode('text', { batch_size: 1 });
  // @ts-expect-error not a text
  await model.encode(5);
  // @ts-expect-error an option of another type
  await SentenceTransformer.load('folder', { device: 1 });
  // @ts-expect-error models come from load()
  new SentenceTransformer();
}

export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof SentenceTorchError ? error.code : undefined;
}
