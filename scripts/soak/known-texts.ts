import path from 'node:path';
import { mixedTexts } from '../../bench/workload/texts.ts';
import { SentenceTransformer } from '../../lib/index.ts';
import { root } from '../python.ts';

/** Opens a tiny model: soaks that need large counts measure the machinery, not the arithmetic. */
export function openTiny(options: { maxQueuedTexts?: number } = {}): Promise<SentenceTransformer> {
  const folder = path.join(root, 'test', 'fixtures', 'golden', 'mean');
  return SentenceTransformer.load(folder, { device: 'cpu', ...options });
}

/** Texts whose embeddings are known, so that every result of a soak can be checked. */
export class KnownTexts {
  readonly texts: readonly string[];
  readonly #embeddings: readonly Float32Array[];

  private constructor(texts: readonly string[], embeddings: readonly Float32Array[]) {
    this.texts = texts;
    this.#embeddings = embeddings;
  }

  static async make(model: SentenceTransformer, count: number): Promise<KnownTexts> {
    const texts = mixedTexts(count, 21);
    const embeddings: Float32Array[] = [];
    for (const text of texts) embeddings.push(await model.encode(text));
    return new KnownTexts(texts, embeddings);
  }

  /** Text number `i` of a list that repeats without end. */
  text(i: number): string {
    return this.texts[i % this.texts.length] as string;
  }

  /** Whether `embedding` is that of text number `i`, whatever batch it was computed in. */
  isRight(i: number, embedding: Float32Array | undefined): boolean {
    const expected = this.#embeddings[i % this.texts.length] as Float32Array;
    return (
      embedding?.length === expected.length &&
      embedding.every((value, j) => Math.abs(value - (expected[j] as number)) <= 1e-4)
    );
  }
}
