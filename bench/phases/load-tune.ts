import { RemoteContender } from '../contender/remote.ts';
import type { LoadPlan } from '../load-options.ts';
import { median } from '../workload/numbers.ts';

/** Callers that wait at once where saturation is measured. */
export const saturationCallers = 128;

/** One way to run transformers.js, and its throughput. */
export interface Setting {
  intraOpThreads: number;
  batchSize: number;
  textsPerSecond: number;
}

export interface Tuned {
  readonly remote: RemoteContender;
  readonly best: Setting;
  readonly all: readonly Setting[];
}

/** Tries threads x batch sizes in turn, several passes; keeps the process of the best. */
export async function tuneTransformersJs(folder: string, plan: LoadPlan): Promise<Tuned> {
  const remotes = new Map<number, RemoteContender>();
  const measured = new Map<string, { setting: Setting; rates: number[] }>();
  try {
    for (const intraOpThreads of plan.threads) {
      const start = { contender: 'transformers.js', folder, intraOpThreads } as const;
      const remote = await RemoteContender.open(start);
      remotes.set(intraOpThreads, remote);
      await remote.ask('vectors', { count: 64, seed: 3 }); // warm: the first calls compile and allocate
    }
    for (let pass = 0; pass < plan.tunePasses; pass++) {
      for (const batchSize of plan.batchSizes) {
        for (const [intraOpThreads, remote] of remotes) {
          const rate = await throughputOf(remote, batchSize, plan.tuneSeconds, pass);
          const key = `${intraOpThreads} ${batchSize}`;
          const row = measured.get(key) ?? {
            setting: { intraOpThreads, batchSize, textsPerSecond: 0 },
            rates: [],
          };
          row.rates.push(rate);
          measured.set(key, row);
        }
      }
    }
    const all = [...measured.values()].map(({ setting, rates }) => ({
      ...setting,
      textsPerSecond: median(rates),
    }));
    const best = all.reduce((a, b) => (b.textsPerSecond > a.textsPerSecond ? b : a));
    const remote = remotes.get(best.intraOpThreads) as RemoteContender;
    remotes.delete(best.intraOpThreads);
    await remote.ask('setBatchSize', best.batchSize);
    return { remote, best, all };
  } finally {
    for (const remote of remotes.values()) remote[Symbol.dispose]();
  }
}

async function throughputOf(
  remote: RemoteContender,
  batchSize: number,
  seconds: number,
  seed: number,
): Promise<number> {
  await remote.ask('setBatchSize', batchSize);
  const callers = saturationCallers;
  return (await remote.ask('closed', { callers, seconds, seed })).textsPerSecond;
}
