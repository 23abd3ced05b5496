import { median, quantile, rounded } from '../workload/numbers.ts';

/** The median, and what the middle 80% of the values lie between. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const [low, high] = [quantile(values, 0.1), quantile(values, 0.9)];
  return { low: rounded(low), median: rounded(median(values)), high: rounded(high) };
}

/** As tables show it. */
export const withSpread = ({ low, median, high }: Spread): string => `${median} (${low}–${high})`;
