import type { Setting } from '../contender/encoders.ts';
import type { Slice } from '../contender/engine/protocol.ts';
import type { EngineProcess } from '../contender/engine-process.ts';
import type { Workload } from '../workload/encode-texts.ts';

/** A setting and how fast it was. */
export interface Tried {
  readonly setting: Setting;
  readonly textsPerSecond: number;
}

export interface Way {
  readonly start: Setting;
  readonly batches: readonly (number | undefined)[];
}

/** What a calibration needs of the outside. */
export interface Calibration {
  readonly workload: Workload;
  readonly texts: string;
  /** Of one trial. */
  readonly seconds: number;
  open(start: Setting): Promise<EngineProcess>;
}

/** Larger batches are not tried once one is so much slower than the best. */
const hopeless = 0.7;

export const fastest = (tried: readonly Tried[]): Tried =>
  tried.reduce((best, next) => (next.textsPerSecond > best.textsPerSecond ? next : best));

/** Tries every way to start the process, each with its batch sizes. These processes are not the measured ones. */
export async function calibrate(ways: readonly Way[], calibration: Calibration): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (const { start, batches } of ways) {
    using engine = await calibration.open(start);
    const rates: number[] = [];
    for (const batch of batches) {
      const rate = await rateOf(engine, calibration, batch);
      const setting = batch === undefined ? start : { ...start, batch };
      tried.push({ setting, textsPerSecond: rate });
      rates.push(rate);
      if (rate < hopeless * Math.max(...rates)) break;
    }
  }
  return tried;
}

/** More and more texts until a slice takes as long as it should: the first ones warm the library up. The better of two counts. */
async function rateOf(
  engine: EngineProcess,
  { workload, texts, seconds }: Calibration,
  batch?: number,
): Promise<number> {
  let count = workload === 'single' ? 4 : 8;
  for (let from = 0; ; ) {
    const slice = { texts, from, count, ...(batch ? { batch } : {}) };
    const ms = await timeOf(engine, workload, slice);
    if (ms >= 700 * seconds) {
      const again = await timeOf(engine, workload, slice);
      return (count / Math.min(ms, again)) * 1000;
    }
    from += count;
    count = Math.ceil(count * Math.min(8, Math.max(1.5, (1100 * seconds) / ms)));
  }
}

async function timeOf(
  engine: EngineProcess,
  workload: Workload,
  slice: Slice & { batch?: number },
): Promise<number> {
  if (workload !== 'single') return (await engine.ask('encode', slice)).ms;
  const { latenciesMs } = await engine.ask('single', slice);
  return latenciesMs.reduce((sum, ms) => sum + ms, 0);
}
