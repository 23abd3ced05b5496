import type { SimilarityFunction } from '../model-store/manifest.ts';
import { checkNames, checkSignal } from '../util/check.ts';
import { type Score, scoreOf } from './scores.ts';

/** Options of every comparison. */
export interface CompareOptions {
  /** Reject with `ST_ABORTED` when it fires. */
  signal?: AbortSignal;
}

/** Options of {@link similarity}. */
export interface SimilarityOptions extends CompareOptions {
  /** Default: `'cosine'`. */
  similarityFunction?: SimilarityFunction;
}

/** Checks the options of a comparison that has no others. */
export function checkCompareOptions(
  options: CompareOptions,
  caller: string,
): AbortSignal | undefined {
  return checkSignal(checkNames<CompareOptions>(options, { signal: true }, caller).signal);
}

/** Checks the options of similarity(), for which the name of a function may stand. */
export function checkSimilarityOptions(options: SimilarityFunction | SimilarityOptions): {
  score: Score;
  signal: AbortSignal | undefined;
} {
  if (typeof options !== 'object') return { score: scoreOf(options), signal: undefined };
  const names = { similarityFunction: true, signal: true } as const;
  const given = checkNames<SimilarityOptions>(options, names, 'similarity()');
  return { score: scoreOf(given.similarityFunction), signal: checkSignal(given.signal) };
}
