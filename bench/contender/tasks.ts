import { closedLoop } from '../workload/closed-loop.ts';
import { watchLoop } from '../workload/loop-delay.ts';
import { quantile } from '../workload/numbers.ts';
import { openLoop } from '../workload/open-loop.ts';
import { seededRandom } from '../workload/random.ts';
import { mixedTexts } from '../workload/texts.ts';
import type { Contender } from './contender.ts';
import type { Handlers } from './engine/requests.ts';
import { measureLanes } from './lanes.ts';
import type { ClosedOptions, Measured, OpenOptions, Tasks } from './messages.ts';

/** Share of an open loop's time whose arrivals do not count: the queue starts empty. */
const warmUp = 0.1;

/** Single texts of a pool that was made beforehand, so that making them costs nothing while the clock runs. */
function issuer(contender: Contender, seed: number): () => Promise<unknown> {
  const texts = mixedTexts(4096, seed);
  let next = 0;
  return () => contender.encode(texts[next++ % texts.length] as string);
}

/** Watches padding and the event loop while `work` runs, to the moment when `work` says that its time is over. */
async function watched<T>(
  contender: Contender,
  work: (over: () => void) => Promise<T>,
): Promise<{ result: T; padding: number; loopP99Ms: number }> {
  const before = contender.counts?.();
  const loop = watchLoop();
  let loopP99Ms: number | undefined;
  const result = await work(() => {
    loopP99Ms ??= loop.end();
  });
  loopP99Ms ??= loop.end();
  const after = contender.counts?.();
  const computed = (after?.computed ?? 0) - (before?.computed ?? 0);
  const tokens = (after?.tokens ?? 0) - (before?.tokens ?? 0);
  return { result, padding: computed > 0 ? 1 - tokens / computed : Number.NaN, loopP99Ms };
}

async function open(contender: Contender, options: OpenOptions): Promise<Measured> {
  const issue = issuer(contender, options.seed);
  const random = seededRandom(options.seed + 1);
  const { result, ...rest } = await watched(contender, async (over) => {
    const loop = openLoop({ ...options, random, issue });
    await loop.over;
    over();
    return loop.drained;
  });
  const { seconds } = options;
  const from = warmUp * seconds * 1000;
  const latencies = result.filter(({ dueMs }) => dueMs >= from).map(({ latencyMs }) => latencyMs);
  const inTime = result.filter(({ dueMs, latencyMs }) => dueMs + latencyMs <= seconds * 1000);
  return { textsPerSecond: inTime.length / seconds, ...percentiles(latencies), ...rest };
}

async function closed(contender: Contender, options: ClosedOptions): Promise<Measured> {
  const issue = issuer(contender, options.seed);
  const { result, ...rest } = await watched(contender, () => closedLoop({ ...options, issue }));
  const { textsPerSecond, latenciesMs } = result;
  return { textsPerSecond, ...percentiles(latenciesMs), ...rest };
}

const percentiles = (latencies: readonly number[]): { p50Ms: number; p99Ms: number } => ({
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
});

function modelOf({ model }: Contender): NonNullable<Contender['model']> {
  if (model === undefined) throw new Error('Only sentence-torch can do this.');
  return model;
}

export const tasks: Handlers<Contender, Tasks> = {
  setBatchSize(contender, size) {
    contender.setBatchSize?.(size);
    return undefined;
  },
  vectors: (contender, { count, seed }) =>
    Promise.all(mixedTexts(count, seed).map((text) => contender.encode(text))),
  open,
  closed,
  async bulkPadding(contender, { count, seed }) {
    const texts = mixedTexts(count, seed);
    const { padding } = await watched(contender, () => modelOf(contender).encode(texts));
    return padding;
  },
  lanes: (contender, options) => measureLanes(modelOf(contender), options),
};
