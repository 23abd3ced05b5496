import type { LanesResult } from '../contender/lanes.ts';
import type { ContenderName, Measured } from '../contender/messages.ts';
import type { Sample } from '../phases/load-rounds.ts';
import { median, rounded } from '../workload/numbers.ts';
import { type Spread, spreadOf } from './spread.ts';

/** All that a run found. */
export interface Findings {
  readonly samples: readonly Sample[];
  readonly lanes: LanesResult;
  readonly paddingBulk: number;
  readonly paddingOnline64: number;
}

export interface LoadLine {
  bench: 'load';
  contender: ContenderName;
  load: number;
  textsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  loopP99Ms: number;
}

export interface SummaryLine {
  bench: 'load';
  summary: true;
  saturationRatio: number;
  p99RatioAt75: number;
  p99RatioAtTheir75: number;
  loopP99MsAt90: number;
  paddingBulk: number;
  paddingOnline64: number;
  interactiveP99Ratio: number;
  bulkLoss: number;
}

type Figure = Exclude<keyof Measured, 'padding'>;
const figures: readonly Figure[] = ['textsPerSecond', 'p50Ms', 'p99Ms', 'loopP99Ms'];

/** The targets: the largest value that is good enough, or the smallest. */
export const targets = {
  saturationRatio: { atLeast: 4 },
  p99RatioAt75: { atMost: 0.25 },
  p99RatioAtTheir75: { atMost: 0.25 },
  loopP99MsAt90: { atMost: 10 },
  paddingBulk: { atMost: 0.03 },
  paddingOnline64: { atMost: 0.1 },
  interactiveP99Ratio: { atMost: 1 },
  bulkLoss: { atMost: 0.15 },
} as const;

/** Samples by contender and load, in the order in which they are told. */
export function grouped(samples: readonly Sample[]): Sample[][] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = keyOf(sample);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

const keyOf = ({ contender, of, load }: Sample): string => `${contender} ${of} ${load}`;

export function spread(group: readonly Sample[], figure: Figure): Spread {
  return spreadOf(group.map(({ measured }) => measured[figure]));
}

/** One line for each contender and share of its own saturation; 1: 128 callers that wait for their answers. */
export function loadLines(samples: readonly Sample[]): LoadLine[] {
  return grouped(samples.filter(({ contender, of }) => contender === of)).map((group) => {
    const { contender, load } = group[0] as Sample;
    const values = Object.fromEntries(
      figures.map((figure) => [figure, spread(group, figure).median]),
    );
    return { bench: 'load', contender, load, ...values } as LoadLine;
  });
}

/** The median, over what was measured within a round, of ours : theirs. `of`: at shares of whose saturation ours was. */
function ratio(
  samples: readonly Sample[],
  load: number,
  figure: Figure,
  of: ContenderName = 'sentence-torch',
): number {
  const at = samples.filter((sample) => sample.load === load);
  const theirs = at.filter(({ contender }) => contender === 'transformers.js');
  const ours = at.filter((sample) => sample.contender === 'sentence-torch' && sample.of === of);
  return median(
    ours.map(({ measured }, i) => measured[figure] / (theirs[i]?.measured[figure] ?? Number.NaN)),
  );
}

export function summaryLine({ samples, lanes, ...padding }: Findings): SummaryLine {
  const at90 = loadLines(samples).find(
    ({ contender, load }) => contender === 'sentence-torch' && load === 0.9,
  );
  return {
    bench: 'load',
    summary: true,
    saturationRatio: rounded(ratio(samples, 1, 'textsPerSecond')),
    p99RatioAt75: rounded(ratio(samples, 0.75, 'p99Ms')),
    p99RatioAtTheir75: rounded(ratio(samples, 0.75, 'p99Ms', 'transformers.js')),
    loopP99MsAt90: at90?.loopP99Ms ?? Number.NaN,
    paddingBulk: rounded(padding.paddingBulk),
    paddingOnline64: rounded(padding.paddingOnline64),
    interactiveP99Ratio: rounded(lanes.besideBulkP99Ms / (2 * lanes.aloneP99Ms + lanes.batchMs)),
    bulkLoss: rounded(1 - lanes.bulkBeside / lanes.bulkAlone),
  };
}
