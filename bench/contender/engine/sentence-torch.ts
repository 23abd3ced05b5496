import type { Engine } from './engine.ts';
import type { Start } from './protocol.ts';

/** As users import it: the compiled library. */
type Library = typeof import('../../../lib/index.ts');
type LoadOptions = import('../../../lib/index.ts').LoadOptions;

/** This library with its defaults. */
export async function openSentenceTorch(start: Start): Promise<Engine> {
  const { library, folder, dtype, optimize } = start;
  const { SentenceTransformer } = (await import(library)) as Library;
  const options = {
    device: 'cpu',
    dtype: dtype as Exclude<LoadOptions['dtype'], undefined>,
    ...(optimize === undefined ? {} : { optimize }),
  } as const;
  const model = await SentenceTransformer.load(folder, options);
  return { encode: (texts) => model.encode(texts) };
}
