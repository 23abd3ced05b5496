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
  /** Texts that were queued earlier have a smaller number. */
  readonly arrival: number;
  /** Whose call's turn comes earlier has a smaller number: a call goes behind all others when it has had its turn. */
  readonly turn: number;
  readonly limits: Limits;
}

/** A run of the waiting list, from `start` up to and without `end`. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Padding that a batch may take on to grow, as a share of its tokens. Larger batches than this allows cost more in
 * computed padding than they save in calls.
 */
const maxPaddingShare = 0.1;

/** The order of the waiting list: longest first, and of one length the oldest first. */
export function longestFirst(a: Waiting, b: Waiting): number {
  return b.tokens - a.tokens || a.arrival - b.arrival;
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

/**
 * The next batch: a run of the sorted list around the text whose turn it is, so that the neighbours are those of nearest
 * length. It grows to the side that adds less padding, as long as the limits of every text in it hold.
 *
 * `memoryShare` is the share of the token budget that memory allows.
 *
 * Nobody starves: turns go round, so a text is passed over at most once per call that waited when it came to be the
 * first of its own call.
 */
export function chooseRun(waiting: readonly Waiting[], memoryShare = 1): Run {
  const seed = indexOfNext(waiting);
  let { batchSize, maxBatchTokens } = at(waiting, seed).limits;
  let start = seed;
  let end = seed + 1;
  let tokens = at(waiting, seed).tokens;

  /** The padding of the run with this candidate; undefined if it can't be in it. */
  const paddingWith = (candidate: Waiting | undefined, longest: number): number | undefined => {
    if (candidate === undefined) return undefined;
    const merged = stricter({ batchSize, maxBatchTokens }, candidate.limits);
    const count = end - start + 1;
    const cost = count * longest;
    if (count > merged.batchSize || cost > merged.maxBatchTokens * memoryShare) return undefined;
    const padding = cost - tokens - candidate.tokens;
    return padding <= maxPaddingShare * cost ? padding : undefined;
  };

  for (;;) {
    const [longer, shorter] = [waiting[start - 1], waiting[end]];
    const upwards = paddingWith(longer, longer?.tokens ?? 0);
    const downwards = paddingWith(shorter, at(waiting, start).tokens);
    if (upwards === undefined && downwards === undefined) return { start, end };
    const added =
      downwards !== undefined && downwards <= (upwards ?? Number.POSITIVE_INFINITY)
        ? at(waiting, end++)
        : at(waiting, --start);
    ({ batchSize, maxBatchTokens } = stricter({ batchSize, maxBatchTokens }, added.limits));
    tokens += added.tokens;
  }
}

function stricter(a: Limits, b: Limits): Limits {
  return {
    batchSize: Math.min(a.batchSize, b.batchSize),
    maxBatchTokens: Math.min(a.maxBatchTokens, b.maxBatchTokens),
  };
}

function indexOfNext(waiting: readonly Waiting[]): number {
  let next = 0;
  for (let i = 1; i < waiting.length; i++) {
    const [a, b] = [at(waiting, i), at(waiting, next)];
    if (a.turn < b.turn || (a.turn === b.turn && a.arrival < b.arrival)) next = i;
  }
  return next;
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
