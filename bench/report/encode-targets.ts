import type { AccuracyLine } from '../phases/accuracy.ts';
import type { ModelName } from '../prepare/models.ts';
import type { Workload } from '../workload/encode-texts.ts';
import { median, rounded } from '../workload/numbers.ts';
import { type Finding, ratioOf, rooflineShare } from './encode-line.ts';
import { table } from './markdown.ts';
import type { BulkProfile } from './profile-line.ts';

/** All that a run found. */
export interface EncodeFindings {
  readonly findings: readonly Finding[];
  readonly accuracy: readonly AccuracyLine[];
  readonly profile?: BulkProfile;
}

/** A figure beside what it should be. NaN: not measured in this run. */
export interface Target {
  readonly figure: string;
  readonly value: number;
  readonly limit: { readonly atLeast: number } | { readonly atMost: number };
}

const [float32, bfloat16, int8] = ['float32', 'bfloat16', 'int8'].map(
  (dtype) => `sentence-torch ${dtype}`,
) as [string, string, string];

/** Ratios of throughput on MiniLM: ours, theirs, and what is wanted on short, mixed and long texts. */
const ratios: readonly (readonly [string, string, readonly [number, number, number]])[] = [
  [float32, 'transformers.js fp32', [4, 7, 2]],
  [float32, 'onnxruntime-node, tuned fp32', [1.3, 1.3, 1.25]],
  [float32, 'sentence-transformers torch', [3, 2.5, 1.6]],
  [bfloat16, float32, [1.7, 1.8, 1.8]],
  [int8, 'transformers.js q8', [3, 6, 1.8]],
  [int8, 'onnxruntime-node, tuned q8', [1.25, 1.25, 1.25]],
];

/** Shares of the roofline on BERT-base. */
const shares: readonly (readonly [string, Workload, number])[] = [
  [float32, 'long', 0.85],
  [float32, 'mixed', 0.75],
  [int8, 'long', 0.6],
  [int8, 'mixed', 0.6],
];

class Lookup {
  readonly #findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    this.#findings = findings;
  }

  finding(model: ModelName, workload: Workload): Finding | undefined {
    return this.#findings.find((one) => one.model === model && one.workload === workload);
  }

  measured(model: ModelName, workload: Workload, name: string) {
    const measurements = this.finding(model, workload)?.measurements;
    return measurements?.find(({ encoder, valid }) => encoder.name === name && valid);
  }

  ratio(workload: Workload, ours: string, theirs: string): number {
    const [a, b] = [
      this.measured('minilm', workload, ours),
      this.measured('minilm', workload, theirs),
    ];
    return a && b ? ratioOf(workload, a, b).median : Number.NaN;
  }

  share(workload: Workload, name: string): number {
    const finding = this.finding('founding', workload);
    const measurement = this.measured('founding', workload, name);
    return finding && measurement
      ? (rooflineShare(finding, measurement) ?? Number.NaN)
      : Number.NaN;
  }

  /** Ours to theirs: the time that loading takes, round by round. */
  load(ours: string, theirs: string): number {
    const [a, b] = [ours, theirs].map((name) => this.measured('minilm', 'cold', name)?.samples);
    if (!a || !b) return Number.NaN;
    return median(a.map(({ loadMs }, i) => (loadMs ?? Number.NaN) / (b[i]?.loadMs ?? Number.NaN)));
  }

  memory(ours: string, theirs: string): number {
    const [a, b] = [ours, theirs].map((name) => this.measured('minilm', 'mixed', name)?.peakRssMB);
    return (a ?? Number.NaN) / (b ?? Number.NaN);
  }
}

function speedTargets(lookup: Lookup): Target[] {
  const peer = 'transformers.js fp32';
  return [
    ...ratios.flatMap(([ours, theirs, wanted]) =>
      (['short', 'mixed', 'long'] as const).map((workload, i) => ({
        figure: `${ours} : ${theirs}, ${workload}`,
        value: lookup.ratio(workload, ours, theirs),
        limit: { atLeast: wanted[i] as number },
      })),
    ),
    ...shares.map(([name, workload, wanted]) => ({
      figure: `${name}, share of the roofline, BERT-base, ${workload}`,
      value: lookup.share(workload, name),
      limit: { atLeast: wanted },
    })),
    {
      figure: `p50 of one short text, ours : ${peer}`,
      value: lookup.ratio('single', float32, peer),
      limit: { atMost: 0.6 },
    },
    { figure: `load, ours : ${peer}`, value: lookup.load(float32, peer), limit: { atMost: 0.7 } },
    {
      figure: `peak RSS on mixed, ours : ${peer}`,
      value: lookup.memory(float32, peer),
      limit: { atMost: 0.5 },
    },
  ];
}

function accuracyTargets(accuracy: readonly AccuracyLine[]): Target[] {
  const of = (name: string): Partial<AccuracyLine> =>
    accuracy.find(({ contender }) => contender === name) ?? {};
  const q8 = of('onnxruntime-node, tuned q8');
  const target = (figure: string, value: number | undefined, limit: Target['limit']): Target => ({
    figure,
    value: value ?? Number.NaN,
    limit,
  });
  return [
    target('float32 maxAbsDiff', of(float32).maxAbsDiff, { atMost: 2e-5 }),
    target('bfloat16 minCosine', of(bfloat16).minCosine, { atLeast: 0.9995 }),
    target('int8 minCosine', of(int8).minCosine, { atLeast: 0.98 }),
    target('int8 Spearman', of(int8).spearman, { atLeast: 0.995 }),
    target('int8 minCosine, against that of the q8 ONNX', of(int8).minCosine, {
      atLeast: q8.minCosine ?? Number.NaN,
    }),
    target('int8 Spearman, against that of the q8 ONNX', of(int8).spearman, {
      atLeast: q8.spearman ?? Number.NaN,
    }),
  ];
}

/** The targets of the issue, in its order. */
export function encodeTargets({ findings, accuracy, profile }: EncodeFindings): Target[] {
  const outside = 1 - (profile?.line.modelShare ?? Number.NaN);
  return [
    ...speedTargets(new Lookup(findings)),
    ...accuracyTargets(accuracy),
    {
      figure: 'everything but the model, share of CPU time in bulk',
      value: outside,
      limit: { atMost: 0.04 },
    },
  ];
}

export function encodeTargetTable(targets: readonly Target[]): string {
  const rows = targets.map(({ figure, value, limit }) => {
    const [sign, bound] = 'atLeast' in limit ? ['>=', limit.atLeast] : ['<=', limit.atMost];
    const wanted = Number.isNaN(bound) ? '' : `${sign} ${rounded(bound)}`;
    if (Number.isNaN(value) || Number.isNaN(bound)) return [figure, wanted, '', 'not measured'];
    const met = sign === '>=' ? value >= bound : value <= bound;
    return [figure, wanted, String(rounded(value)), met ? 'yes' : '**no**'];
  });
  return table(['figure', 'target', 'measured', 'met'], rows);
}
