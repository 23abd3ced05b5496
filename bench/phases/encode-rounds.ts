import type { EngineProcess } from '../contender/engine-process.ts';
import { median } from '../workload/numbers.ts';
import { operationsOf } from '../workload/operations.ts';
import { type Contest, type Entry, openEngine } from './contest.ts';
import type { Roofline } from './roofline.ts';

/** One contender in one round. */
export interface EncodeSample {
  readonly textsPerSecond: number;
  readonly tokensPerSecond: number;
  /** Of the model's matrix products. */
  readonly operationsPerSecond: number;
  /** Of one text: the median of the round's; from the start of the process for `cold`. */
  readonly latencyMs: number;
  /** Of a process that was started in this round: only `cold`. */
  readonly loadMs?: number;
}

/** A contender with all that was measured. */
export interface Measurement extends Entry {
  readonly samples: readonly EncodeSample[];
  readonly loadMs: number;
  readonly peakRssMB: number;
}

interface Player {
  readonly entry: Entry;
  readonly samples: EncodeSample[];
  readonly peaks: number[];
}

/** Texts of a slice: as many as the contender does in its time, and a forward's at least. */
function sliceCount({ setting, textsPerSecond, encoder }: Entry, seconds: number): number {
  const forward = encoder.engine === 'onnxruntime' ? 1 : (setting.batch ?? 1);
  return Math.max(4, forward, Math.round(textsPerSecond * seconds));
}

function sample(
  contest: Contest,
  from: number,
  count: number,
  ms: number,
  latencyMs: number,
): EncodeSample {
  const { pool, model } = contest;
  const tokens = Array.from(
    { length: count },
    (_, i) => pool.tokens[(from + i) % pool.tokens.length] as number,
  );
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const perSecond = (amount: number): number => (amount / ms) * 1000;
  return {
    textsPerSecond: perSecond(count),
    tokensPerSecond: perSecond(sum(tokens)),
    operationsPerSecond: perSecond(sum(tokens.map((n) => operationsOf(model.shape, n)))),
    latencyMs,
  };
}

/** One bulk call. */
async function bulk(contest: Contest, { entry }: Player, round: number): Promise<EncodeSample> {
  const count = sliceCount(entry, contest.plan.sliceSeconds);
  const from = round * count;
  const { batch } = entry.setting;
  const slice = { texts: contest.pool.file, from, count, ...(batch ? { batch } : {}) };
  const { ms } = await entry.engine.ask('encode', slice);
  return sample(contest, from, count, ms, ms / count);
}

/** One text after the other: all rates follow from the median time of one. */
async function single(contest: Contest, { entry }: Player, round: number): Promise<EncodeSample> {
  const count = sliceCount(entry, contest.plan.sliceSeconds);
  const from = round * count;
  const { latenciesMs } = await entry.engine.ask('single', {
    texts: contest.pool.file,
    from,
    count,
  });
  const p50 = median(latenciesMs);
  return sample(contest, from, count, p50 * count, p50);
}

/** A new process, to its first embedding. */
async function cold(
  contest: Contest,
  { entry, peaks }: Player,
  round: number,
): Promise<EncodeSample> {
  const started = performance.now();
  using engine = await openEngine(contest, entry.encoder, entry.setting);
  const slice = { texts: contest.pool.file, from: round, count: 1 };
  await engine.ask('single', slice);
  const ms = performance.now() - started;
  peaks.push((await engine.ask('memory', {})).peakRssMB);
  return { ...sample(contest, round, 1, ms, ms), loadMs: engine.loadMs };
}

const kinds = { short: bulk, mixed: bulk, long: bulk, single, cold } as const;

/** Who begins changes from round to round. */
const rotated = <T>(list: readonly T[], by: number): T[] => {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
};

/** All contenders in turn, round after round; the roofline in between. One that fails is out, and `failed` is told. */
export async function playEncodeRounds(
  contest: Contest,
  entries: readonly Entry[],
  roofline: Roofline,
  failed: (entry: Entry, error: unknown) => void,
): Promise<Measurement[]> {
  const { workload, plan, report } = contest;
  let players: Player[] = entries.map((entry) => ({ entry, samples: [], peaks: [] }));
  for (let round = 0; round < plan.rounds; round++) {
    await roofline.measure();
    for (const player of rotated(players, round)) {
      try {
        player.samples.push(await kinds[workload](contest, player, round));
      } catch (error) {
        players = players.filter((other) => other !== player);
        failed(player.entry, error);
      }
    }
    report(`round ${round + 1} of ${plan.rounds}`);
  }
  return Promise.all(players.map(finish));
}

async function finish({ entry, samples, peaks }: Player): Promise<Measurement> {
  const loads = samples.flatMap(({ loadMs }) => loadMs ?? []);
  const peakRssMB = peaks.length > 0 ? median(peaks) : await peakOf(entry.engine);
  return {
    ...entry,
    samples,
    peakRssMB,
    loadMs: loads.length > 0 ? median(loads) : entry.engine.loadMs,
  };
}

async function peakOf(engine: EngineProcess): Promise<number> {
  return (await engine.ask('memory', {})).peakRssMB;
}
