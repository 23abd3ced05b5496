/** The sizes of a BERT that its matrix products depend on. */
export interface Shape {
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  /** In and out of the Dense layer behind the pooling; 0, 0 if there is none. */
  readonly dense: readonly [number, number];
}

/**
 * Operations (a multiplication and an addition are two) of the matrix products for one text: projections and feed-forward
 * of each token, scores and weighted sums of its attention, the Dense layer. Padding is nobody's work.
 */
export function operationsOf(
  { layers, hidden, intermediate, dense }: Shape,
  tokens: number,
): number {
  const perToken = 4 * hidden * hidden + 2 * hidden * intermediate;
  const attention = 2 * tokens * tokens * hidden;
  return 2 * (layers * (tokens * perToken + attention) + dense[0] * dense[1]);
}

/** Distinct products that a token goes through: [K, N, how often a layer has it]. */
export function productsOf({
  hidden,
  intermediate,
}: Shape): [k: number, n: number, times: number][] {
  return [
    [hidden, hidden, 4],
    [hidden, intermediate, 1],
    [intermediate, hidden, 1],
  ];
}
