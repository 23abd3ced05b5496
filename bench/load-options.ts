import { parseArgs } from 'node:util';
import { positive } from './command.ts';

/** How much of everything is measured. */
export interface LoadPlan {
  rounds: number;
  /** Of open load at one level; transformers.js gets twice as many, since it answers fewer. */
  seconds: number;
  /** Of each slice of saturation. */
  saturationSeconds: number;
  /** Of each setting of transformers.js that is tried, and how often. */
  tuneSeconds: number;
  tunePasses: number;
  batchSizes: readonly number[];
  threads: readonly number[];
  /** Texts of the job beside which interactive texts are measured. */
  bulkTexts: number;
  windowSeconds: number;
  aloneSeconds: number;
  /** Texts of the one encode() whose padding is measured. */
  paddingTexts: number;
  report: boolean;
}

const whole: LoadPlan = {
  rounds: 3,
  seconds: 20,
  saturationSeconds: 6,
  tuneSeconds: 6,
  tunePasses: 2,
  batchSizes: [1, 4, 8, 16, 32],
  threads: [1, 2],
  bulkTexts: 50_000,
  windowSeconds: 5,
  aloneSeconds: 60,
  paddingTexts: 5000,
  report: false,
};

/** A few seconds for each phase: shows that all of it works; its figures mean little. */
const quick: LoadPlan = {
  ...whole,
  rounds: 1,
  seconds: 3,
  saturationSeconds: 1.5,
  tuneSeconds: 1,
  tunePasses: 1,
  batchSizes: [1, 8, 32],
  bulkTexts: 1200,
  windowSeconds: 1,
  aloneSeconds: 3,
  paddingTexts: 500,
};

export const loadUsage =
  'usage: npm run bench:load -- [--quick] [--rounds N] [--seconds N] [--bulk-texts N] [--report]';

/** The plan of a command line. Throws with a message for the user. */
export function readLoadPlan(args: readonly string[]): LoadPlan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'bulk-texts': { type: 'string' },
      report: { type: 'boolean', default: false },
    },
  });
  const base = values.quick ? quick : whole;
  return {
    ...base,
    rounds: positive('rounds', values.rounds) ?? base.rounds,
    seconds: positive('seconds', values.seconds) ?? base.seconds,
    bulkTexts: positive('bulk-texts', values['bulk-texts']) ?? base.bulkTexts,
    report: values.report,
  };
}
