import type { Series } from '../contender/pass-variants.ts';
import type { Measurement } from '../phases/encode-rounds.ts';
import { rounded } from '../workload/numbers.ts';
import { type Finding, medianOf, ratioOf, rooflineShare } from './encode-line.ts';
import { table } from './markdown.ts';
import { type Spread, spreadOf, withSpread } from './spread.ts';

export interface PassesLine {
  bench: 'passes';
  series: Series['name'];
  workload: Finding['workload'];
  model: Finding['model'];
  variant: string;
  textsPerSecond: number;
  /** All passes : this variant, of tokens per second within a round. */
  slowdown: Spread;
  rooflineShare: number | null;
  minCosine: number;
}

/** The lines of a finding whose first contender has all passes. */
export function passesLines(series: Series['name'], finding: Finding): PassesLine[] {
  const { workload, model, measurements } = finding;
  const [all] = measurements;
  if (all === undefined) return [];
  return measurements.map((measurement) => ({
    bench: 'passes',
    series,
    workload,
    model,
    variant: measurement.encoder.name,
    textsPerSecond: rounded(medianOf(measurement, 'textsPerSecond')),
    slowdown: ratioOf(workload, all, measurement),
    rooflineShare: rooflineShare(finding, measurement),
    minCosine: Number(measurement.minCosine.toFixed(6)),
  }));
}

const speedOf = ({ samples }: Measurement): Spread =>
  spreadOf(samples.map(({ textsPerSecond }) => textsPerSecond));

/** Medians with, in brackets, the values between which the middle 80% of the rounds lie. */
export function passesTable(finding: Finding): string {
  const { workload, measurements } = finding;
  const [all] = measurements;
  const rows = measurements.map((measurement) => [
    measurement.encoder.name,
    withSpread(speedOf(measurement)),
    all === undefined || measurement === all ? '' : withSpread(ratioOf(workload, all, measurement)),
    `${((rooflineShare(finding, measurement) ?? 0) * 100).toFixed(1)}%`,
  ]);
  return table(['passes', 'texts/s', 'all : it', 'roofline'], rows);
}
