import { availableParallelism } from 'node:os';
import { type Encoder, leastCosine, type Setting, settingsOf } from '../contender/encoders.ts';
import { EngineProcess } from '../contender/engine-process.ts';
import type { EncodePlan } from '../encode-options.ts';
import { type BenchModel, startOf } from '../prepare/models.ts';
import type { Pool } from '../prepare/pools.ts';
import type { Workload } from '../workload/encode-texts.ts';
import { calibrate, fastest, type Tried } from './calibrate.ts';
import { compareVectors, type Vectors, vectorsOf } from './vectors.ts';

/** What one (workload, model) is measured with. */
export interface Contest {
  readonly workload: Workload;
  readonly model: BenchModel;
  readonly pool: Pool;
  readonly packages: string;
  readonly plan: EncodePlan;
  /** Python's embeddings of the first texts of the pool. */
  readonly expected: Vectors;
  readonly report: (line: string) => void;
}

/** One contender, ready to be measured. */
export interface Entry {
  readonly encoder: Encoder;
  readonly tried: readonly Tried[];
  readonly setting: Setting;
  /** As calibrated. */
  readonly textsPerSecond: number;
  readonly minCosine: number;
  /** Whether it gives the model's embeddings. */
  readonly valid: boolean;
  /** Fresh, with the best settings; it has not calibrated. */
  readonly engine: EngineProcess;
}

export function openEngine(
  contest: Pick<Contest, 'model' | 'packages'>,
  encoder: Encoder,
  setting: Setting,
) {
  return EngineProcess.open(startOf(contest.model, encoder, setting), contest.packages);
}

/** Finds a contender's best settings. Cold starts have none: libraries start with their defaults. */
async function tune(contest: Contest, encoder: Encoder): Promise<Tried[]> {
  const { workload, pool, plan } = contest;
  const cores = availableParallelism();
  if (workload === 'cold') {
    const setting = encoder.engine === 'onnxruntime' ? { threads: cores } : {};
    return [{ setting, textsPerSecond: Number.NaN }];
  }
  const ways = settingsOf(encoder, { cores, oneByOne: workload === 'single', few: plan.quick });
  const seconds = plan.tuneSeconds;
  const open = (start: Setting) => openEngine(contest, encoder, start);
  return calibrate(ways, { workload, texts: pool.file, seconds, open });
}

/** Calibrates a contender; its embeddings are compared with Python's before any of its time counts. */
export async function enter(contest: Contest, encoder: Encoder): Promise<Entry> {
  const tried = await tune(contest, encoder);
  const { setting, textsPerSecond } = fastest(tried);
  const engine = await openEngine(contest, encoder, setting);
  const { expected, pool, plan } = contest;
  const slice = { texts: pool.file, from: 0, count: plan.checkedTexts };
  const { batch } = setting;
  const vectors = await vectorsOf(engine, batch === undefined ? slice : { ...slice, batch });
  const { minCosine } = compareVectors(vectors, expected);
  const valid = minCosine >= leastCosine[encoder.arithmetic];
  return { encoder, tried, setting, textsPerSecond, minCosine, valid, engine };
}
