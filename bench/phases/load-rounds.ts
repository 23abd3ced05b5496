import type { ContenderName, Measured } from '../contender/messages.ts';
import type { RemoteContender } from '../contender/remote.ts';
import type { LoadPlan } from '../load-options.ts';
import { saturationCallers } from './load-tune.ts';

/** Shares of a contender's own saturation; 1 is saturation itself. */
export const loads = [0.25, 0.5, 0.75, 0.9] as const;
const theirLoads: readonly number[] = [0.75];

/** One measurement. */
export interface Sample {
  readonly round: number;
  readonly contender: ContenderName;
  readonly load: number;
  readonly measured: Measured;
}

export interface LoadContest {
  readonly ours: RemoteContender;
  readonly theirs: RemoteContender;
  readonly plan: LoadPlan;
  readonly report: (line: string) => void;
}

/**
 * Both contenders in turn. The machine may slow down and recover within minutes, so each load is set from a saturation that
 * was measured just before it, and ratios are taken within a round.
 */
export async function playRounds(contest: LoadContest): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= contest.plan.rounds; round++) {
    for (const load of loads) samples.push(...(await playLoad(contest, round, load)));
    contest.report(`round ${round} of ${contest.plan.rounds} done`);
  }
  return samples;
}

async function playLoad(contest: LoadContest, round: number, load: number): Promise<Sample[]> {
  const { ours, theirs, plan } = contest;
  const seed = round * 100 + load * 20;
  const saturated = { callers: saturationCallers, seconds: plan.saturationSeconds, seed };
  const samples: Sample[] = [];
  const add = (remote: RemoteContender, at: number, measured: Measured): Measured => {
    samples.push({ round, contender: remote.start.contender, load: at, measured });
    return measured;
  };
  const theirPeak = add(theirs, 1, await theirs.ask('closed', saturated));
  if (theirLoads.includes(load)) {
    const rate = theirPeak.textsPerSecond * load;
    add(theirs, load, await theirs.ask('open', { rate, seconds: plan.seconds * 2, seed }));
  }
  const ourPeak = add(ours, 1, await ours.ask('closed', saturated));
  const rate = ourPeak.textsPerSecond * load;
  add(ours, load, await ours.ask('open', { rate, seconds: plan.seconds, seed }));
  return samples;
}
