import type { Measurement } from '../phases/encode-rounds.ts';
import type { Rates } from '../phases/roofline.ts';
import type { ModelName } from '../prepare/models.ts';
import { isLatency, type Workload } from '../workload/encode-texts.ts';
import { median, rounded } from '../workload/numbers.ts';
import { type Spread, spreadOf } from './spread.ts';

/** All that was found about one (workload, model). */
export interface Finding {
  readonly workload: Workload;
  readonly model: ModelName;
  readonly measurements: readonly Measurement[];
  readonly roofline: Rates;
  /** Contender -> why it is not there. */
  readonly missing: Readonly<Record<string, string>>;
}

export interface EncodeLine {
  bench: 'encode';
  workload: Workload;
  model: ModelName;
  contender: string;
  textsPerSecond: number;
  tokensPerSecond: number;
  ratioTo: Record<string, number>;
  /** null: a cold start is no arithmetic. */
  rooflineShare: number | null;
  peakRssMB: number;
  loadMs: number;
  /** null: what it gives are not embeddings of the model at all. */
  minCosine: number | null;
}

/**
 * Ours to theirs, round by round: of throughput in tokens, since contenders that differ in speed do not do the same number
 * of texts; of time for `single` and `cold`, where less is better.
 */
export function ratioOf(workload: Workload, ours: Measurement, theirs: Measurement): Spread {
  const figure = isLatency(workload) ? 'latencyMs' : 'tokensPerSecond';
  return spreadOf(
    ours.samples.map((sample, i) => sample[figure] / (theirs.samples[i]?.[figure] ?? Number.NaN)),
  );
}

type Figure = 'textsPerSecond' | 'tokensPerSecond' | 'operationsPerSecond' | 'latencyMs';

export const medianOf = ({ samples }: Measurement, figure: Figure): number =>
  median(samples.map((sample) => sample[figure]));

/** The share of what this machine's best matrix products would do in the same time. */
export function rooflineShare(finding: Finding, measurement: Measurement): number | null {
  if (finding.workload === 'cold') return null;
  const best = finding.roofline[measurement.encoder.arithmetic];
  return rounded(medianOf(measurement, 'operationsPerSecond') / best);
}

/** A share of the roofline or a ratio of a contender that gives wrong embeddings would say nothing. */
function encodeLine(finding: Finding, measurement: Measurement): EncodeLine {
  const { workload, model, measurements } = finding;
  const { encoder, valid, loadMs, peakRssMB, minCosine } = measurement;
  const others = measurements.filter((other) => valid && other.valid && other !== measurement);
  const ratios = others.map((other) => [
    other.encoder.name,
    ratioOf(workload, measurement, other).median,
  ]);
  return {
    bench: 'encode',
    workload,
    model,
    contender: encoder.name,
    textsPerSecond: rounded(medianOf(measurement, 'textsPerSecond')),
    tokensPerSecond: rounded(medianOf(measurement, 'tokensPerSecond')),
    ratioTo: Object.fromEntries(ratios),
    rooflineShare: valid ? rooflineShare(finding, measurement) : null,
    peakRssMB: rounded(peakRssMB),
    loadMs: rounded(loadMs),
    minCosine: Number.isNaN(minCosine) ? null : Number(minCosine.toFixed(6)),
  };
}

/** The lines of a finding: rows that are only for comparison have none. */
export const encodeLines = (finding: Finding): EncodeLine[] =>
  finding.measurements
    .filter(({ encoder }) => encoder.fixed === undefined)
    .map((measurement) => encodeLine(finding, measurement));
