import type { Engine } from './engine.ts';
import type { Start } from './protocol.ts';

/** As users import it: the compiled library. */
type Library = typeof import('../../../lib/index.ts');

/** This library with its defaults. */
export async function openSentenceTorch({ library, folder, dtype }: Start): Promise<Engine> {
  const { SentenceTransformer } = (await import(library)) as Library;
  const options: Record<string, string> = { device: 'cpu' };
  if (dtype !== 'float32') options.dtype = dtype;
  const model = await SentenceTransformer.load(folder, options);
  return { encode: (texts) => model.encode(texts) };
}
