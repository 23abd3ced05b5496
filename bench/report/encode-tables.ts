import { ours } from '../contender/encoders.ts';
import type { AccuracyLine } from '../phases/accuracy.ts';
import type { Measurement } from '../phases/encode-rounds.ts';
import type { Rates } from '../phases/roofline.ts';
import { isLatency } from '../workload/encode-texts.ts';
import { rounded } from '../workload/numbers.ts';
import { barChart, type Chart } from './bars.ts';
import { type Finding, medianOf, ratioOf, rooflineShare } from './encode-line.ts';
import { table } from './markdown.ts';
import { shortReason } from './reason.ts';
import { spreadOf, withSpread } from './spread.ts';

const measurementOf = (finding: Finding, name: string): Measurement | undefined =>
  finding.measurements.find(({ encoder }) => encoder.name === name);

/** Ours to a row, or what stands in its place. */
function ratioCell(finding: Finding, measurement: Measurement): string {
  if (!measurement.valid) return 'wrong vectors';
  const own = measurementOf(finding, ours);
  if (own === undefined || own === measurement || !own.valid) return '';
  return withSpread(ratioOf(finding.workload, own, measurement));
}

function cosineCell({ minCosine, valid }: Measurement): string {
  if (Number.isNaN(minCosine)) return '**no vectors of this model**';
  return valid ? minCosine.toFixed(6) : `**${minCosine.toFixed(3)}**`;
}

function speedCells(finding: Finding, measurement: Measurement): string[] {
  const spread = (figure: 'latencyMs' | 'textsPerSecond'): string =>
    withSpread(spreadOf(measurement.samples.map((sample) => sample[figure])));
  if (isLatency(finding.workload)) return [spread('latencyMs')];
  return [spread('textsPerSecond'), String(Math.round(medianOf(measurement, 'tokensPerSecond')))];
}

/** Medians with, in brackets, the values between which the middle 80% of the rounds lie. */
export function findingTable(finding: Finding): string {
  const speed = isLatency(finding.workload) ? ['ms'] : ['texts/s', 'tokens/s'];
  const head = [
    'contender',
    ...speed,
    'ours : it',
    'roofline',
    'peak RSS MB',
    'load ms',
    'minCosine',
  ];
  const rows = finding.measurements.map((measurement) => {
    const share = measurement.valid ? rooflineShare(finding, measurement) : null;
    return [
      measurement.encoder.name,
      ...speedCells(finding, measurement),
      ratioCell(finding, measurement),
      share === null ? '' : `${(share * 100).toFixed(1)}%`,
      String(Math.round(measurement.peakRssMB)),
      String(Math.round(measurement.loadMs)),
      cosineCell(measurement),
    ];
  });
  const missing = Object.entries(finding.missing).map(([name, why]) => {
    const reason = shortReason(why).replaceAll('|', '/');
    return [name, `not available: ${reason}`, ...head.slice(2).map(() => '')];
  });
  return table(head, [...rows, ...missing]);
}

/** What each contender was driven with, and what else was tried. */
export function encodeSettingsTable(findings: readonly Finding[]): string {
  const words = (value: object): string =>
    Object.entries(value)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ') || 'defaults';
  const rows = findings.flatMap(({ model, workload, measurements }) =>
    measurements
      .filter(({ tried }) => tried.length > 1)
      .map(({ encoder, setting, tried }) => [
        model,
        workload,
        encoder.name,
        words(setting),
        tried.map((one) => `${words(one.setting)}: ${rounded(one.textsPerSecond)}`).join('; '),
      ]),
  );
  return table(['model', 'workload', 'contender', 'kept', 'tried, texts/s'], rows);
}

export function rooflineTable(findings: readonly Finding[]): string {
  const last = new Map<string, Rates>(findings.map(({ model, roofline }) => [model, roofline]));
  const giga = (rate: number): string => String(Math.round(rate / 1e9));
  const rows = [...last].map(([model, { float32, bfloat16, int8 }]) => [
    model,
    giga(float32),
    giga(bfloat16),
    giga(int8),
  ]);
  return table(['shapes of', 'float32 GFLOP/s', 'bfloat16 GFLOP/s', 'int8 GOP/s'], rows);
}

export function accuracyTable(lines: readonly AccuracyLine[]): string {
  const rows = lines.map(({ contender, texts, minCosine, maxAbsDiff, spearman }) =>
    [contender, texts, minCosine, maxAbsDiff, spearman].map(String),
  );
  return table(['contender', 'texts', 'minCosine', 'maxAbsDiff', 'Spearman'], rows);
}

const titles: Record<Finding['workload'], string> = {
  short: 'short questions, 11 tokens',
  mixed: 'mixed texts, 40 tokens on average',
  long: 'long texts, 256 tokens',
  single: 'one short text at a time',
  cold: 'from the start of the process to the first embedding',
};

/** The rows that give the model's embeddings. */
export function findingChart({ model, workload, measurements }: Finding): string {
  const figure = isLatency(workload) ? 'latencyMs' : 'textsPerSecond';
  const unit = isLatency(workload)
    ? 'milliseconds, less is better'
    : 'texts per second, more is better';
  const bars: Chart['bars'] = measurements
    .filter(({ valid }) => valid)
    .map(({ encoder, samples }) => {
      const { low, median, high } = spreadOf(samples.map((sample) => sample[figure]));
      return {
        label: encoder.name,
        value: median,
        low,
        high,
        accent: encoder.engine === 'sentence-torch',
      };
    });
  const name = model === 'minilm' ? 'all-MiniLM-L6-v2' : 'BERT-base with Dense 256';
  return barChart({ title: `${name}: ${titles[workload]}`, unit, bars });
}
