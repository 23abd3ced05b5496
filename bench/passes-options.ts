import { parseArgs } from 'node:util';
import { chosen, positive } from './command.ts';
import { type EncodePlan, quick, whole } from './encode-options.ts';
import { modelNames } from './prepare/models.ts';

const workloads = ['short', 'mixed', 'long'] as const;

export const passesUsage = `usage: npm run bench:passes -- [--workload ${workloads.join(',')}] [--model ${modelNames.join(',')}]
  [--rounds N] [--quick]`;

/** The plan of a command line. Throws with a message for the user. */
export function readPassesPlan(args: readonly string[]): EncodePlan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: { type: 'string' },
      model: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const base = values.quick ? quick : whole;
  return {
    ...base,
    workloads: chosen('workload', workloads, values.workload),
    models: chosen('model', modelNames, values.model),
    contenders: [],
    rounds: positive('rounds', values.rounds) ?? base.rounds,
    accuracyTexts: 0,
    profileTexts: 0,
    quick: values.quick,
    report: false,
  };
}
