import type { SentenceTransformer } from '../../lib/index.ts';
import type { Start, TokenCounts } from './messages.ts';

/** A library under load. */
export interface Contender {
  /** The embedding of a text, as the handler of one request would ask for it. */
  encode(text: string): Promise<Float32Array>;
  /** Texts per micro-batch, where that is ours to choose. */
  setBatchSize?(size: number): void;
  counts?(): TokenCounts;
  /** The library itself, for what only it can do. */
  readonly model?: SentenceTransformer;
}

/** Loads the one library that is meant, and nothing of the other. */
export async function openContender(start: Start): Promise<Contender> {
  if (start.contender === 'sentence-torch') {
    const { openSentenceTorch } = await import('./sentence-torch.ts');
    return openSentenceTorch(start);
  }
  const { openTransformersJs } = await import('./transformers-js.ts');
  return openTransformersJs(start);
}
