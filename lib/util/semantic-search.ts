import type { SimilarityFunction } from '../model-store/manifest.ts';
import { checkNames, positiveInteger } from './check.ts';
import { type Embeddings, similarity, toRows } from './similarity.ts';

/** A hit of a semantic search. */
export interface Hit {
  /** Index in the corpus. */
  readonly corpusId: number;
  /** Higher is more alike. */
  readonly score: number;
}

/** Options of {@link semanticSearch}. */
export interface SemanticSearchOptions {
  /** Most hits per query. Default: 10. */
  topK?: number;
  /** Default: `'cosine'`. */
  similarityFunction?: SimilarityFunction;
}

const optionNames: Record<keyof SemanticSearchOptions, true> = {
  topK: true,
  similarityFunction: true,
};

/** An embedding with a NaN in it has no score: such hits come last. */
function rank({ score }: Hit): number {
  return Number.isNaN(score) ? -Number.MAX_VALUE : score;
}

/**
 * The best hits of each query in the corpus, best first, as sentence_transformers.util.semantic_search gives them. Hits
 * of one score come in the order of the corpus; those whose score is NaN come last (in Python they come first).
 */
export function semanticSearch(
  queries: Embeddings,
  corpus: Embeddings,
  options: SemanticSearchOptions = {},
): Hit[][] {
  const given = checkNames<SemanticSearchOptions>(options, optionNames, 'semanticSearch()');
  const topK = positiveInteger(given, 'topK') ?? 10;
  return toRows(queries).map((query) => {
    const { data } = similarity(query, corpus, given.similarityFunction);
    return Array.from(data, (score, corpusId) => ({ corpusId, score }))
      .sort((a, b) => rank(b) - rank(a) || a.corpusId - b.corpusId)
      .slice(0, topK);
  });
}
