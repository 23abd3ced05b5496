import type { ContenderName, Measured } from '../contender/messages.ts';
import type { RemoteContender } from '../contender/remote.ts';
import type { LoadPlan } from '../load-options.ts';
import { saturationCallers } from './load-tune.ts';

/** Shares of saturation; 1 is saturation itself. */
export const loads = [0.25, 0.5, 0.75, 0.9] as const;
/** Where both are compared: each at this share of its own saturation, and ours at the same rate as theirs. */
const sharedLoad = 0.75;

/** One measurement. */
export interface Sample {
  readonly round: number;
  readonly contender: ContenderName;
  readonly load: number;
  /** Whose saturation the load is a share of. */
  readonly of: ContenderName;
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
  const { seconds } = plan;
  const samples: Sample[] = [];
  const add = (remote: RemoteContender, of: RemoteContender, at: number, measured: Measured) => {
    const name = { contender: remote.start.contender, of: of.start.contender };
    samples.push({ round, load: at, ...name, measured });
    return measured.textsPerSecond;
  };
  const peak = async (remote: RemoteContender): Promise<number> => {
    const saturated = { callers: saturationCallers, seconds: plan.saturationSeconds, seed };
    return add(remote, remote, 1, await remote.ask('closed', saturated));
  };
  const theirRate = load * (await peak(theirs));
  if (load === sharedLoad) {
    const same = { rate: theirRate, seconds: seconds * 2, seed }; // twice as long: it answers fewer
    add(theirs, theirs, load, await theirs.ask('open', same));
    add(ours, theirs, load, await ours.ask('open', same));
  }
  const rate = load * (await peak(ours));
  add(ours, ours, load, await ours.ask('open', { rate, seconds, seed }));
  return samples;
}
