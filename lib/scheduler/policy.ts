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

/** What a batch holds: all that the limits look at. */
export interface Load extends Limits {
  readonly texts: number;
  readonly tokens: number;
  readonly longest: number;
}

export const nothing: Load = {
  texts: 0,
  tokens: 0,
  longest: 0,
  batchSize: Number.POSITIVE_INFINITY,
  maxBatchTokens: Number.POSITIVE_INFINITY,
};

/** With one more text: the strictest call in a batch sets its limits. */
export function plus(load: Load, { tokens, limits }: Pick<Waiting, 'tokens' | 'limits'>): Load {
  return {
    texts: load.texts + 1,
    tokens: load.tokens + tokens,
    longest: Math.max(load.longest, tokens),
    batchSize: Math.min(load.batchSize, limits.batchSize),
    maxBatchTokens: Math.min(load.maxBatchTokens, limits.maxBatchTokens),
  };
}

/** Tokens that are computed for it. */
export function costOf({ texts, longest, tokens }: Load, layout: Layout): number {
  return layout.cost(texts, longest, tokens);
}

/**
 * What joins a batch that holds `held` already, or makes the next one: a run of the list in the layout's order around the
 * text whose turn it is; nothing if there is no room for that text. It grows to the side that
 * adds less padding, as long as the limits of every text in it hold. In a rectangle that makes neighbours of nearest length;
 * without padding, texts that came next.
 *
 * `share` is the share of the token budget that may be used.
 *
 * Nobody starves: turns go round, so a text is passed over at most once per call that waited when it came to be the
 * first of its own call.
 */
export function chooseRun(
  waiting: readonly Waiting[],
  layout: Layout,
  share = 1,
  held = nothing,
): Run {
  const seed = indexOfNext(waiting);
  let load = plus(held, at(waiting, seed));
  let start = seed;
  let end = seed + 1;

  /** Tokens of padding in a batch; undefined if it may not be. */
  const paddingOf = (batch: Load): number | undefined => {
    const cost = costOf(batch, layout);
    if (batch.texts > batch.batchSize || cost > batch.maxBatchTokens * share) return undefined;
    const padding = cost - batch.tokens;
    return padding <= maxPaddingShare * cost ? padding : undefined;
  };
  const paddingWith = (candidate: Waiting | undefined) =>
    candidate && paddingOf(plus(load, candidate));

  if (held.texts > 0 && paddingOf(load) === undefined) return { start, end: start };
  for (;;) {
    const upwards = paddingWith(waiting[start - 1]);
    const downwards = paddingWith(waiting[end]);
    if (upwards === undefined && downwards === undefined) return { start, end };
    const added =
      downwards !== undefined && downwards <= (upwards ?? Number.POSITIVE_INFINITY)
        ? at(waiting, end++)
        : at(waiting, --start);
    load = plus(load, added);
  }
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
