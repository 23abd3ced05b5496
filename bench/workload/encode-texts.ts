import { gaussian, pick, seededRandom } from './random.ts';
import { words } from './texts.ts';

export const workloads = ['short', 'mixed', 'long', 'single', 'cold'] as const;
export type Workload = (typeof workloads)[number];

/** Workloads whose figure is a time, of which less is better. */
export const isLatency = (workload: Workload): boolean =>
  workload === 'single' || workload === 'cold';

interface Lengths {
  /** Tokens with the special ones: mean of a log-normal distribution and deviation of its logarithm. */
  readonly mean: number;
  readonly deviation: number;
  readonly most: number;
  /** Texts of the pool; a slice that needs more starts again. */
  readonly pool: number;
}

const questions: Lengths = { mean: 11, deviation: 0.35, most: 40, pool: 16_384 };

const lengths: Record<Workload, Lengths> = {
  short: questions,
  mixed: { mean: 40, deviation: 0.8, most: 256, pool: 8192 },
  long: { mean: 256, deviation: 0, most: 256, pool: 1024 },
  single: questions,
  cold: questions,
};

/**
 * Numbers that fill the unit square evenly (two steps, whose ratio to 1 is as irrational as can be): any stretch of the
 * pool has the same distribution of lengths, so that a slow contender's few texts are a fair sample of a fast one's many.
 */
function evenly(): () => number {
  const plastic = 1.324717957244746;
  const steps = [1 / plastic, 1 / plastic ** 2] as const;
  let turn = 0;
  return () => {
    const step = steps[turn % 2] as number;
    return (0.5 + step * Math.floor(turn++ / 2)) % 1;
  };
}

/** The pool of a workload. `counts`: how many tokens a model's tokenizer makes of each word. */
export function workloadTexts(workload: Workload, counts: ReadonlyMap<string, number>): string[] {
  const { mean, deviation, most, pool } = lengths[workload];
  const [even, random] = [evenly(), seededRandom(mean)];
  const center = Math.log(mean) - deviation ** 2 / 2;
  return Array.from({ length: pool }, () => {
    const wanted = Math.round(Math.exp(center + deviation * gaussian(even)));
    const text: string[] = [];
    // Two special tokens and the question mark.
    for (let room = Math.min(most, Math.max(4, wanted)) - 3; room > 0; ) {
      const word = pick(words, random);
      const tokens = counts.get(word) ?? 1;
      if (tokens > room && tokens > 1) continue;
      text.push(word);
      room -= tokens;
    }
    return `${text.join(' ')}?`;
  });
}
