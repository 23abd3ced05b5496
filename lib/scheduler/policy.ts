/** Which waiting texts form the next batch: pure functions of the waiting list and the limits. */

/** A call's own limits on every batch that holds a text of it. */
export interface Limits {
  /** Most texts in a batch. */
  readonly batchSize: number;
  /** Most tokens computed in a batch, padding included where there is any. One text alone may exceed it. */
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

/** How the texts of a batch lie in memory: what that costs, and the order in which they wait for it. */
export interface Layout {
  /** The order of the waiting list. */
  compare(a: Waiting, b: Waiting): number;
  /** Tokens that are computed for so many texts of so many tokens in all. */
  cost(texts: number, longest: number, tokens: number): number;
}

/** A rectangle, each text padded to the longest: texts of about one length wait together. */
export const padded: Layout = {
  compare: (a, b) => b.tokens - a.tokens || a.arrival - b.arrival,
  cost: (texts, longest) => texts * longest,
};

/** End to end, without padding: any texts go together, so those that came first go first. */
export const paddingFree: Layout = {
  compare: (a, b) => a.arrival - b.arrival,
  cost: (_texts, _longest, tokens) => tokens,
};

/** Merges two lists in the layout's order into one. */
export function merge<T extends Waiting>(
  waiting: readonly T[],
  arrived: readonly T[],
  { compare }: Layout,
): T[] {
  const merged: T[] = [];
  let i = 0;
  for (const item of arrived) {
    while (i < waiting.length && compare(waiting[i] as T, item) <= 0) {
      merged.push(waiting[i++] as T);
    }
    merged.push(item);
  }
  while (i < waiting.length) merged.push(waiting[i++] as T);
  return merged;
}

/**
 * The next batch: a run of the list in the layout's order around the text whose turn it is. It grows to the side that
 * adds less padding, as long as the limits of every text in it hold. In a rectangle that makes neighbours of nearest length;
 * without padding, texts that came next.
 *
 * `memoryShare` is the share of the token budget that memory allows.
 *
 * Nobody starves: turns go round, so a text is passed over at most once per call that waited when it came to be the
 * first of its own call.
 */
export function chooseRun(waiting: readonly Waiting[], layout: Layout, memoryShare = 1): Run {
  const seed = indexOfNext(waiting);
  let { batchSize, maxBatchTokens } = at(waiting, seed).limits;
  let start = seed;
  let end = seed + 1;
  let tokens = at(waiting, seed).tokens;
  let longest = tokens;

  /** The padding of the run with this candidate; undefined if it can't be in it. */
  const paddingWith = (candidate: Waiting | undefined): number | undefined => {
    if (candidate === undefined) return undefined;
    const merged = stricter({ batchSize, maxBatchTokens }, candidate.limits);
    const count = end - start + 1;
    const used = tokens + candidate.tokens;
    const cost = layout.cost(count, Math.max(longest, candidate.tokens), used);
    if (count > merged.batchSize || cost > merged.maxBatchTokens * memoryShare) return undefined;
    return cost - used <= maxPaddingShare * cost ? cost - used : undefined;
  };

  for (;;) {
    const upwards = paddingWith(waiting[start - 1]);
    const downwards = paddingWith(waiting[end]);
    if (upwards === undefined && downwards === undefined) return { start, end };
    const added =
      downwards !== undefined && downwards <= (upwards ?? Number.POSITIVE_INFINITY)
        ? at(waiting, end++)
        : at(waiting, --start);
    ({ batchSize, maxBatchTokens } = stricter({ batchSize, maxBatchTokens }, added.limits));
    tokens += added.tokens;
    longest = Math.max(longest, added.tokens);
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
