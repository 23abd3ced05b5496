import { createError, withCallerStack } from '../errors.ts';
import type { SimilarityFunction } from '../model-store/manifest.ts';
import { checkSameWidth, type Embeddings, type Rows, readRows, type Tensor } from './embeddings.ts';
import {
  type CompareOptions,
  checkCompareOptions,
  checkSimilarityOptions,
  type SimilarityOptions,
} from './options.ts';
import { lengthsOf, pieceRows, type Score, scoreOf, sumsOf } from './scores.ts';
import { inTurns, StepGauge, type Steps } from './turns.ts';

/**
 * Scores every embedding of `a` against every one of `b`: `dims` is [rows of a, rows of b]. Higher is more alike. An embedding
 * that holds NaN has NaN for scores, as in Python.
 *
 * It works in turns of a few milliseconds, between which the event loop goes on. Leave the embeddings alone until the
 * promise settles: they are not copied.
 *
 * @param options the name of a similarity function (default: `'cosine'`), or options
 * @throws ST_INVALID_INPUT if these are no embeddings, or of different lengths; ST_INVALID_OPTION, ST_UNKNOWN_OPTION,
 * ST_OUT_OF_MEMORY, ST_ABORTED
 */
export function similarity(
  a: Embeddings,
  b: Embeddings,
  options: SimilarityFunction | SimilarityOptions = {},
): Promise<Tensor> {
  return withCallerStack(similarity, () => {
    const { score, signal } = checkSimilarityOptions(options);
    return inTurns(scoreAll(a, b, score), signal);
  });
}

/** Cosine similarity of every embedding of `a` with every one of `b`; otherwise as {@link similarity}. */
export function cosSim(
  a: Embeddings,
  b: Embeddings,
  options: CompareOptions = {},
): Promise<Tensor> {
  return withCallerStack(cosSim, () => {
    const signal = checkCompareOptions(options, 'cosSim()');
    return inTurns(scoreAll(a, b, scoreOf('cosine')), signal);
  });
}

function* scoreAll(a: Embeddings, b: Embeddings, score: Score): Steps<Tensor> {
  const rows = yield* readRows(a, 'a');
  const columns = yield* readRows(b, 'b');
  checkSameWidth(rows, columns);
  const data = allocate(rows.count, columns.count);
  if (data.length > 0) yield* fill(data, rows, columns, score);
  return { data, dims: [rows.count, columns.count] };
}

/** Some columns at a time, so that they stay in the cache while all rows pass. */
function* fill(data: Float32Array, rows: Rows, columns: Rows, score: Score): Steps<void> {
  const gauge = new StepGauge();
  const rowLengths = new Float64Array(rows.count);
  yield* lengthsOf(score, rows, 0, rows.count, rowLengths, gauge);
  const piece = pieceRows(columns.width);
  const sums = new Float64Array(piece);
  const lengths = new Float64Array(piece);
  for (let from = 0; from < columns.count; from += piece) {
    const to = Math.min(from + piece, columns.count);
    yield* lengthsOf(score, columns, from, to, lengths, gauge);
    for (let row = 0; row < rows.count; row++) {
      yield* sumsOf(score, rows, row, columns, from, to, sums, gauge);
      const rowLength = rowLengths[row] as number;
      const start = row * columns.count;
      for (let column = from; column < to; column++) {
        const index = column - from;
        data[start + column] = score.finish(
          sums[index] as number,
          rowLength,
          lengths[index] as number,
        );
      }
    }
  }
}

function allocate(rows: number, columns: number): Float32Array {
  try {
    return new Float32Array(rows * columns);
  } catch (error) {
    throw createError(
      'ST_OUT_OF_MEMORY',
      `The scores of ${rows} x ${columns} embeddings need ${rows * columns * 4} bytes, which can't be allocated. Compare fewer at once.`,
      { cause: error },
    );
  }
}
