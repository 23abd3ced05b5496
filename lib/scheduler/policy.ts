/** Which waiting texts form the next batch: pure functions of the waiting list and the limits. */

/** A call's own limits on every batch that holds a text of it. */
export interface Limits {
  /** Most texts in a batch. */
  readonly batchSize: number;
  /** Most tokens in a batch, padding included: longest text x number of texts. One text alone may exceed it. */
  readonly maxBatchTokens: number;
}

/** What the policy needs to know of a waiting text. */
export interface Waiting {
  /** Number of token ids. */
  readonly tokens: number;
  /** Texts that arrived earlier have a smaller number. */
  readonly arrival: number;
  readonly limits: Limits;
}

/** A run of the waiting list, from `start` up to and without `end`. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** Merges two lists sorted by `longestFirst` into one. */
export function merge<T extends Waiting>(waiting: readonly T[], arrived: readonly T[]): T[] {
  const merged: T[] = [];
  let i = 0;
  for (const item of arrived) {
    while (i < waiting.length && longestFirst(waiting[i] as T, item) <= 0) {
      merged.push(waiting[i++] as T);
    }
    merged.push(item);
  }
  while (i < waiting.length) merged.push(waiting[i++] as T);
  return merged;
}

/** The order of the waiting list: longest first, and of one length the oldest first. */
export function longestFirst(a: Waiting, b: Waiting): number {
  return b.tokens - a.tokens || a.arrival - b.arrival;
}

/**
 * The next batch: a run of the sorted list around the text that has waited longest, so that nobody starves and the
 * neighbours are those of nearest length. It grows towards shorter texts first, since those never raise the cost of the
 * texts already in it, then towards longer ones while the limits of every text in it hold.
 */
export function chooseRun(waiting: readonly Waiting[]): Run {
  const seed = indexOfOldest(waiting);
  let { batchSize, maxBatchTokens } = (waiting[seed] as Waiting).limits;
  let start = seed;
  let end = seed + 1;

  const tryGrow = (candidate: Waiting | undefined, longest: number): boolean => {
    if (candidate === undefined) return false;
    const size = Math.min(batchSize, candidate.limits.batchSize);
    const tokens = Math.min(maxBatchTokens, candidate.limits.maxBatchTokens);
    const count = end - start + 1;
    if (count > size || count * longest > tokens) return false;
    batchSize = size;
    maxBatchTokens = tokens;
    return true;
  };

  while (tryGrow(waiting[end], (waiting[start] as Waiting).tokens)) end++;
  while (tryGrow(waiting[start - 1], waiting[start - 1]?.tokens ?? 0)) start--;
  return { start, end };
}

function indexOfOldest(waiting: readonly Waiting[]): number {
  let oldest = 0;
  for (let i = 1; i < waiting.length; i++) {
    if ((waiting[i] as Waiting).arrival < (waiting[oldest] as Waiting).arrival) oldest = i;
  }
  return oldest;
}
