import { parseArgs } from 'node:util';
import { encoders } from './contender/encoders.ts';
import { positive } from './options.ts';
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
  readonly profileSeconds: number;
  readonly quick: boolean;
  readonly report: boolean;
}

export const whole = {
  rounds: 7,
  sliceSeconds: 1.5,
  tuneSeconds: 0.7,
  checkedTexts: 100,
  accuracyTexts: 5000,
  profileSeconds: 8,
};

/** Shows that all of it works; its figures mean little. */
export const quick: typeof whole = {
  rounds: 2,
  sliceSeconds: 0.4,
  tuneSeconds: 0.2,
  checkedTexts: 24,
  accuracyTexts: 300,
  profileSeconds: 2,
};

export const encodeUsage = `usage: npm run bench -- [--workload ${workloads.join(',')}] [--model ${modelNames.join('|')}]
  [--contender "sentence-torch float32,fastembed"] [--rounds N] [--quick] [--report]`;

/** The members of `all` that a list names: whole names, or for contenders how they begin. */
export function chosen<T extends string>(
  option: string,
  all: readonly T[],
  text: string | undefined,
): T[] {
  if (text === undefined) return [...all];
  const wanted = text.split(/,(?! )/).map((name) => name.trim());
  for (const name of wanted) {
    if (!all.some((known) => known.startsWith(name))) {
      throw new Error(`--${option}: there is no ${JSON.stringify(name)}, but ${all.join(', ')}.`);
    }
  }
  return all.filter((known) => wanted.some((name) => known.startsWith(name)));
}

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
  const everything = values.workload === undefined && values.contender === undefined;
  return {
    ...base,
    workloads: chosen('workload', workloads, values.workload),
    models: chosen('model', modelNames, models),
    contenders: chosen(
      'contender',
      encoders.map(({ name }) => name),
      values.contender,
    ),
    rounds: positive('rounds', values.rounds) ?? base.rounds,
    accuracyTexts: everything ? base.accuracyTexts : 0,
    quick: values.quick,
    report: values.report,
  };
}
