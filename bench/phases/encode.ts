import { type Encoder, encoderOf, reference } from '../contender/encoders.ts';
import type { Ground } from '../prepare/ground.ts';
import { makePool } from '../prepare/pools.ts';
import type { Finding } from '../report/encode-line.ts';
import { isLatency, type Workload } from '../workload/encode-texts.ts';
import { type Contest, type Entry, enter, openEngine } from './contest.ts';
import { playEncodeRounds } from './encode-rounds.ts';
import type { Roofline } from './roofline.ts';
import { type Vectors, vectorsOf } from './vectors.ts';

/** What Python makes of the first texts of a pool. */
export async function expectedOf(
  ground: Pick<Ground, 'model' | 'packages'>,
  texts: string,
  count: number,
): Promise<Vectors> {
  using engine = await openEngine(ground, encoderOf(reference), {});
  return await vectorsOf(engine, { texts, from: 0, count });
}

/** Measures one workload with all contenders. */
export async function measureWorkload(
  ground: Ground,
  workload: Workload,
  roofline: Roofline,
  contenders: readonly Encoder[],
): Promise<Finding> {
  const { model, plan, folder } = ground;
  const report = (line: string): void => ground.report(`${model.name} ${workload}: ${line}`);
  const pool = await makePool(model, workload, folder);
  const expected = await expectedOf(ground, pool.file, plan.checkedTexts);
  const contest: Contest = { ...ground, workload, pool, expected, report };
  const entries: Entry[] = [];
  const missing: Record<string, string> = {};
  const fail = ({ encoder }: Pick<Entry, 'encoder'>, error: unknown): void => {
    missing[encoder.name] = error instanceof Error ? error.message : String(error);
    report(`${encoder.name} is not available: ${missing[encoder.name]}`);
  };
  try {
    for (const encoder of contenders) {
      if (isLatency(workload) && encoder.fixed) continue;
      try {
        const entry = await enter(contest, encoder);
        entries.push(entry);
        report(`${encoder.name}: ${JSON.stringify(entry.setting)}, cosine ${entry.minCosine}`);
      } catch (error) {
        fail({ encoder }, error);
      }
    }
    const measurements = await playEncodeRounds(contest, entries, roofline, fail);
    return { workload, model: model.name, measurements, roofline: { ...roofline.rates }, missing };
  } finally {
    for (const { engine } of entries) engine[Symbol.dispose]();
  }
}
