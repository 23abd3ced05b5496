import { createError, withCallerStack } from '../errors.ts';
import { checkNames, checkSignal, positiveInteger } from '../util/check.ts';
import { BestHits, type Hit } from './best.ts';
import { checkSameWidth, type Embeddings, type Rows, readRows } from './embeddings.ts';
import type { SimilarityOptions } from './options.ts';
import { lengthsOf, pieceRows, type Score, scoreOf, sumsOf } from './scores.ts';
import { inTurns, StepGauge, type Steps } from './turns.ts';

/** Options of {@link semanticSearch}. */
export interface SemanticSearchOptions extends SimilarityOptions {
  /** Most hits per query. Default: 10. */
  topK?: number;
}

const optionNames: Record<keyof SemanticSearchOptions, true> = {
  topK: true,
  similarityFunction: true,
  signal: true,
};

/**
 * The best hits of each query in the corpus, best first, as sentence_transformers.util.semantic_search gives them. Equal
 * scores come in the order of the corpus. Where Python puts a score that is not a number (NaN) first, this refuses it: the
 * error names the row.
 *
 * It works in turns of a few milliseconds, between which the event loop goes on, and holds no more than the hits and a
 * piece of the scores. Leave the embeddings alone until the promise settles: they are not copied.
 *
 * @throws ST_INVALID_INPUT if these are no embeddings, of different lengths, or with NaN in them; ST_INVALID_OPTION,
 * ST_UNKNOWN_OPTION, ST_OUT_OF_MEMORY, ST_ABORTED
 */
export function semanticSearch(
  queries: Embeddings,
  corpus: Embeddings,
  options: SemanticSearchOptions = {},
): Promise<Hit[][]> {
  return withCallerStack(semanticSearch, () => {
    const given = checkNames<SemanticSearchOptions>(options, optionNames, 'semanticSearch()');
    const topK = positiveInteger(given, 'topK') ?? 10;
    const score = scoreOf(given.similarityFunction);
    return inTurns(search(queries, corpus, topK, score), checkSignal(given.signal));
  });
}

function* search(
  queries: Embeddings,
  corpus: Embeddings,
  topK: number,
  score: Score,
): Steps<Hit[][]> {
  const asked = yield* readRows(queries, 'queries');
  const rows = yield* readRows(corpus, 'corpus');
  checkSameWidth(asked, rows);
  const best = new BestHits(asked.count, Math.min(topK, rows.count));
  if (asked.count > 0) yield* scoreCorpus(best, asked, rows, score);
  const gauge = new StepGauge();
  const hits: Hit[][] = [];
  for (let query = 0; query < asked.count; query++) hits.push(yield* best.take(query, gauge));
  return hits;
}

/** A piece of the corpus at a time, so that it stays in the cache while all queries pass. */
function* scoreCorpus(best: BestHits, queries: Rows, corpus: Rows, score: Score): Steps<void> {
  const gauge = new StepGauge();
  const queryLengths = new Float64Array(queries.count);
  yield* lengthsOf(score, queries, 0, queries.count, queryLengths, gauge);
  const piece = pieceRows(corpus.width);
  const sums = new Float64Array(piece);
  const lengths = new Float64Array(piece);
  for (let from = 0; from < corpus.count; from += piece) {
    const to = Math.min(from + piece, corpus.count);
    yield* lengthsOf(score, corpus, from, to, lengths, gauge);
    for (let query = 0; query < queries.count; query++) {
      yield* sumsOf(score, queries, query, corpus, from, to, sums, gauge);
      const queryLength = queryLengths[query] as number;
      for (let row = from; row < to; row++) {
        const index = row - from;
        const sum = sums[index] as number;
        // In float32, as similarity() gives them.
        const value = Math.fround(score.finish(sum, queryLength, lengths[index] as number));
        if (Number.isNaN(value)) throw noNumber(queries, query, row);
        best.add(query, row, value);
      }
    }
  }
}

/** Of the two embeddings, the one to mend: the query, unless all its values are numbers. */
function noNumber(queries: Rows, query: number, row: number): Error {
  const where = areFinite(queries, query) ? `index ${row} of corpus` : `index ${query} of queries`;
  return createError(
    'ST_INVALID_INPUT',
    `The embedding at ${where} holds values that are no finite numbers, so it has no place in an order. Leave it out.`,
  );
}

function areFinite(rows: Rows, row: number): boolean {
  const array = rows.arrayOf(row);
  const start = rows.startOf(row);
  for (let i = start; i < start + rows.width; i++) {
    if (!Number.isFinite(array[i])) return false;
  }
  return true;
}
