import { parseArgs } from 'node:util';
import { chosen, chosenByBeginning, positive } from './command.ts';
import { encoders, ours } from './contender/encoders.ts';
import { type ModelName, modelNames } from './prepare/models.ts';
import { type Workload, workloads } from './workload/encode-texts.ts';

/** How much of everything is measured. */
export interface EncodePlan {
  readonly workloads: readonly Workload[];
  readonly models: readonly ModelName[];
  /** Names of contenders. */
  readonly contenders: readonly string[];
  readonly rounds: number;
  /** Of one contender in one round. */
  readonly sliceSeconds: number;
  /** Of one setting that is tried. */
  readonly tuneSeconds: number;
  /** Texts whose embeddings are compared with Python's before anything is timed. */
  readonly checkedTexts: number;
  /** Texts of the accuracy part; 0: left out. */
  readonly accuracyTexts: number;
  /** Texts of the bulk call whose profile is taken; 0: left out. */
  readonly profileTexts: number;
  readonly quick: boolean;
  readonly report: boolean;
}

export const whole = {
  rounds: 7,
  sliceSeconds: 1.5,
  tuneSeconds: 0.7,
  checkedTexts: 100,
  accuracyTexts: 5000,
  profileTexts: 5000,
};

/** Shows that all of it works; its figures mean little. */
export const quick: typeof whole = {
  rounds: 2,
  sliceSeconds: 0.4,
  tuneSeconds: 0.2,
  checkedTexts: 24,
  accuracyTexts: 300,
  profileTexts: 500,
};

const contenders = encoders.map(({ name }) => name);

export const encodeUsage = `usage: npm run bench -- [--workload ${workloads.join(',')}] [--model ${modelNames.join(',')}]
  [--contender "sentence-torch float32,fastembed"] [--rounds N] [--quick] [--report]`;

/** The plan of a command line. Throws with a message for the user. */
export function readEncodePlan(args: readonly string[]): EncodePlan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: { type: 'string' },
      model: { type: 'string' },
      contender: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
    },
  });
  const base = values.quick ? quick : whole;
  const models = values.quick && values.model === undefined ? 'minilm' : values.model;
  const plan: EncodePlan = {
    ...base,
    workloads: chosen('workload', workloads, values.workload),
    models: chosen('model', modelNames, models),
    contenders: chosenByBeginning('contender', contenders, values.contender),
    rounds: positive('rounds', values.rounds) ?? base.rounds,
    quick: values.quick,
    report: values.report,
  };
  const everyone = values.workload === undefined && values.contender === undefined;
  const profiled = plan.workloads.includes('mixed') && plan.contenders.includes(ours);
  return {
    ...plan,
    accuracyTexts: everyone ? base.accuracyTexts : 0,
    profileTexts: profiled ? base.profileTexts : 0,
  };
}

/** The plan of a command that does one part of the benchmark, on MiniLM alone. */
export function readPartPlan(args: readonly string[]): EncodePlan {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false } },
  });
  const base = values.quick ? quick : whole;
  return { ...base, workloads, models: ['minilm'], contenders, quick: values.quick, report: false };
}
