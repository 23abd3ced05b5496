/**
 * Ten times what the machine can do, with real weights: every call settles once, the excess is refused at once, the accepted
 * ones keep the machine as busy as it can be, memory stays, and soon afterwards nothing is left of it.
 *
 *   npx tsx scripts/soak/overload.ts [--seconds 30] [--factor 10] [--model folder]
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { closedLoop } from '../../bench/workload/closed-loop.ts';
import { watchLoop } from '../../bench/workload/loop-delay.ts';
import { openLoop } from '../../bench/workload/open-loop.ts';
import { seededRandom } from '../../bench/workload/random.ts';
import { SentenceTransformer } from '../../lib/index.ts';
import { fetchModel } from '../models/model.ts';
import { KnownTexts } from './known-texts.ts';
import { liveMiB, PeakMemory } from './memory.ts';
import { conclude, sizeOption } from './verdict.ts';

const callers = 128;
/** More than the callers that measure saturation, so that both queues serve the streams equally well. */
const maxQueuedTexts = 256;
const nsPerMs = 1e6;
/** Who makes the load shares two cores with what is measured: half as many timers take 2 to 3% less of one. */
const tickMs = 2;

/** Calls of one phase, and how they ended. There are thousands a second: they are counted, not kept. */
class Calls {
  readonly rejectNs = createHistogram();
  readonly latencyNs = createHistogram();
  readonly #model: SentenceTransformer;
  readonly #known: KnownTexts;
  issued = 0;
  wrong = 0;
  #settled = 0;

  constructor(model: SentenceTransformer, known: KnownTexts) {
    this.#model = model;
    this.#known = known;
  }

  /** A promise settles once at most. */
  get unsettled(): number {
    return this.issued - this.#settled;
  }

  /** One call; fulfilled however it ends. */
  readonly issue = (): Promise<void> => {
    const id = this.issued++;
    const asked = performance.now();
    const settle = (histogram: RecordableHistogram): void => {
      this.#settled++;
      histogram.record(Math.max(1, Math.round((performance.now() - asked) * nsPerMs)));
    };
    return this.#model.encode(this.#known.text(id)).then(
      (embedding) => {
        settle(this.latencyNs);
        if (!this.#known.isRight(id, embedding)) this.wrong++;
      },
      (error: unknown) => {
        settle(this.rejectNs);
        if ((error as { code?: string }).code !== 'ST_OVERLOADED') this.wrong++;
      },
    );
  };
}

interface Overload {
  readonly calls: Calls;
  readonly textsPerSecond: number;
  readonly loopP99Ms: number;
}

class OverloadSoak {
  readonly #model: SentenceTransformer;
  readonly #known: KnownTexts;
  readonly #random = seededRandom(41);

  constructor(model: SentenceTransformer, known: KnownTexts) {
    this.#model = model;
    this.#known = known;
  }

  /** Texts per second with a queue that is never empty and never full. */
  async saturation(seconds: number): Promise<number> {
    const { issue } = new Calls(this.#model, this.#known);
    const loop = watchLoop(); // its timer takes time from the overload too
    const { textsPerSecond } = await closedLoop({ callers, seconds, issue });
    loop.end();
    return textsPerSecond;
  }

  /** Latency at a quarter of saturation. */
  async calmP99Ms(saturation: number, seconds: number): Promise<number> {
    const calls = new Calls(this.#model, this.#known);
    const { issue } = calls;
    await openLoop({ rate: saturation / 4, seconds, random: this.#random, issue }).drained;
    return calls.rejectNs.count > 0 ? Number.NaN : calls.latencyNs.percentile(99) / nsPerMs;
  }

  async overload(rate: number, seconds: number): Promise<Overload> {
    const calls = new Calls(this.#model, this.#known);
    const { issue } = calls;
    const [started, before] = [performance.now(), this.#model.stats().texts];
    const loop = watchLoop();
    const load = openLoop({ rate, seconds, random: this.#random, issue, tickMs });
    await load.over;
    const loopP99Ms = loop.end();
    const texts = this.#model.stats().texts - before;
    const textsPerSecond = (texts * 1000) / (performance.now() - started);
    const drained = load.drained.then(() => {}); // a race that lost its timer keeps what it was won with
    await Promise.race([drained, delay(60_000, undefined, { ref: false })]);
    return { calls, textsPerSecond, loopP99Ms };
  }

  waiting(): number {
    const { queuedTexts, queuedTokens, runningBatches } = this.#model.stats();
    return queuedTexts + queuedTokens + runningBatches;
  }
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    factor: { type: 'string' },
    model: { type: 'string' },
  },
});
const seconds = sizeOption('seconds', values.seconds, 30);
const factor = sizeOption('factor', values.factor, 10);
const slice = Math.max(2, seconds / 3);

const folder = values.model ?? (await fetchModel('all-MiniLM-L6-v2')).model;
await using model = await SentenceTransformer.load(folder, { device: 'cpu', maxQueuedTexts });
const soak = new OverloadSoak(model, await KnownTexts.make(model, 256));
const memory = new PeakMemory();

const first = await soak.saturation(slice);
await soak.overload(factor * first, slice); // so that the process has the memory that this takes
const calmBefore = await soak.calmP99Ms(first, slice);
const second = await soak.saturation(slice);
const rssBefore = memory.next();
const liveBefore = liveMiB();
const { calls, textsPerSecond, loopP99Ms } = await soak.overload(factor * second, seconds);
const rssDuring = memory.next();
memory.stop();
const liveAfter = liveMiB();
await delay(5000);
const leftInQueue = soak.waiting();
const calmAfter = await soak.calmP99Ms(second, slice);
const third = await soak.saturation(slice);

conclude(
  'overload',
  {
    calls: calls.issued,
    accepted: calls.latencyNs.count,
    rejected: calls.rejectNs.count,
    unsettled: calls.unsettled,
    wrong: calls.wrong,
    rejectP99Ms: calls.rejectNs.percentile(99) / nsPerMs,
    loopP99Ms,
    textsPerSecond,
    // The machine may drift: saturation just before and after the overload.
    throughputRatio: textsPerSecond / ((second + third) / 2),
    // oneDNN keeps what it compiled for the last 1024 shapes of batch, so that resident memory grows with any work, for a
    // while and to a bound; live objects must not grow at all.
    rssGrowthMiB: rssDuring - rssBefore,
    liveGrowthMiB: liveAfter - liveBefore,
    leftInQueue,
    calmP99MsBefore: calmBefore,
    calmP99MsAfter: calmAfter,
    calmRatio: calmAfter / calmBefore,
  },
  {
    rejected: { atLeast: 1 },
    unsettled: { atMost: 0 },
    wrong: { atMost: 0 },
    rejectP99Ms: { atMost: 10 },
    throughputRatio: { atLeast: 0.95 },
    rssGrowthMiB: { atMost: 128 },
    liveGrowthMiB: { atMost: 8 },
    leftInQueue: { atMost: 0 },
    calmRatio: { atMost: 2 },
  },
);
