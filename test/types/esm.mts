// Compiled, never run: what TypeScript users of the package see (npm run typecheck).
import {
  cosSim,
  type EncodeOptions,
  type ErrorCode,
  type Hit,
  SentenceTorchError,
  SentenceTransformer,
  semanticSearch,
  similarity,
  type Tensor,
} from 'sentence-torch';

export async function use(): Promise<void> {
  await using model = await SentenceTransformer.load('folder', { device: 'cpu', streams: 2 });

  const one: Float32Array = await model.encode('text');
  const many: Float32Array[] = await model.encode(['a', 'b'] as const);
  const tensor: Tensor = await model.encode(['a'], { convertToTensor: true });
  const options: EncodeOptions = { showProgressBar: ({ completed, total }) => completed / total };
  await model.encode('text', { ...options, convertToTensor: false });
  const oneOrTensor: Float32Array | Tensor = await model.encode('text', options);
  const manyOrTensor: Float32Array[] | Tensor = await model.encode(['a'], options);
  // @ts-expect-error the options may ask for a tensor
  const noTensor: Float32Array = await model.encode('text', options);
  const either: string | string[] = JSON.parse('"text"');
  const vectors: Float32Array | Float32Array[] = await model.encode(either);
  // @ts-expect-error a list may have been given
  const single: Float32Array = vectors;
  const whole: Tensor = await model.encode(either, { ...options, convertToTensor: true });
  const anything: Float32Array | Float32Array[] | Tensor = await model.encode(either, options);
  const unsure: boolean = JSON.parse('true');
  // @ts-expect-error it may be a tensor
  const sure: Float32Array[] = await model.encode(['a'], { convertToTensor: unsure });
  const wrapped = (text: string, given?: EncodeOptions): Promise<Float32Array | Tensor> =>
    model.encode(text, given);
  await wrapped('text');
  void [oneOrTensor, noTensor, single, whole, sure];

  const { signal } = new AbortController();
  const scores: Tensor = await model.similarity(one, many, { signal });
  scores.data.at(tensor.dims.length);
  // @ts-expect-error it is a promise
  model.similarity(one, many).data;
  await model.similarity(manyOrTensor, anything);
  await similarity(one, many, 'dot');
  await similarity(one, many, { similarityFunction: 'dot', signal });
  await cosSim(tensor, one, { signal });
  const hits: Hit[][] = await semanticSearch(one, many, { topK: 3, signal });
  // @ts-expect-error an unknown similarity function
  await similarity(one, many, 'cos');
  void hits;

  // @ts-expect-error an unknown option
  await model.encode('text', { batch_size: 1 });
  // @ts-expect-error not a text
  await model.encode(5);
  // @ts-expect-error an option of another type
  await SentenceTransformer.load('folder', { device: 1 });
  // @ts-expect-error models come from load()
  new SentenceTransformer('folder');
}

export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof SentenceTorchError ? error.code : undefined;
}
