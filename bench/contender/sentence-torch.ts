import { SentenceTransformer } from '../../lib/index.ts';
import type { Contender } from './contender.ts';
import type { Start } from './messages.ts';

/** This library with its defaults: it batches across callers by itself. */
export async function openSentenceTorch({ folder, intraOpThreads }: Start): Promise<Contender> {
  const threads = intraOpThreads === undefined ? {} : { intraOpThreads };
  const model = await SentenceTransformer.load(folder, { device: 'cpu', ...threads });
  return {
    model,
    encode: (text) => model.encode(text),
    counts() {
      const { tokens, paddedTokens } = model.stats();
      return { tokens, computed: paddedTokens };
    },
  };
}
