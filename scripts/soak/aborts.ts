/**
 * 100,000 calls that are aborted, or time out, at random moments: each settles once, with what it should, and nothing of
 * them is left.
 *
 *   npx tsx scripts/soak/aborts.ts [--count 100000]
 */
import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pick, seededRandom } from '../../bench/workload/random.ts';
import type { SentenceTransformer } from '../../lib/index.ts';
import { type Moment, moments } from './abort-moments.ts';
import { KnownTexts, openTiny } from './known-texts.ts';
import { liveMiB, PeakMemory } from './memory.ts';
import { conclude, sizeOption } from './verdict.ts';

const callers = 256;
/** Longer without any call that settles means that some never will. */
const stallMs = 20_000;

class AbortSoak {
  readonly #model: SentenceTransformer;
  readonly #known: KnownTexts;
  readonly #random = seededRandom(31);
  readonly #settlements: Uint8Array;
  /** One signal for a whole server's life, never aborted: what is left on it is a leak. */
  readonly lasting = new AbortController();
  issued = 0;
  settled = 0;
  resolved = 0;
  aborted = 0;
  timedOut = 0;
  wrong = 0;

  constructor(model: SentenceTransformer, known: KnownTexts, count: number) {
    this.#model = model;
    this.#known = known;
    this.#settlements = new Uint8Array(count);
  }

  /** Calls that did not settle exactly once. */
  get settledNotOnce(): number {
    return this.#settlements.filter((times) => times !== 1).length;
  }

  /** Runs until so many calls were made and have settled; gives up if nothing happens any more. */
  async runUntil(issued: number): Promise<void> {
    const work = Promise.all(
      Array.from({ length: callers }, async () => {
        while (this.issued < issued) await this.#call(this.issued++);
      }),
    );
    let finished = false;
    const ended = work.then(() => {
      finished = true;
    });
    for (let before = -1; !finished && before < this.settled; ) {
      before = this.settled;
      const timer = new AbortController();
      await Promise.race([ended, delay(stallMs, undefined, { signal: timer.signal })]);
      timer.abort();
    }
  }

  async #call(id: number): Promise<void> {
    const size = this.#random() < 0.8 ? 1 : 1 + Math.floor(this.#random() * 40);
    const first = Math.floor(this.#random() * 1e6);
    const texts = Array.from({ length: size }, (_, i) => this.#known.text(first + i));
    const moment = pick(moments, this.#random);
    const { options, asked, expected } = moment(this.#random, this.lasting.signal);
    const work = this.#model.encode(texts, options);
    asked?.();
    await work.then(
      (embeddings) => this.#onResolved(id, first, embeddings, expected),
      (error: unknown) => this.#onRejected(id, error, expected),
    );
  }

  #onResolved(id: number, first: number, embeddings: Float32Array[], expected: Expected): void {
    this.#count(id);
    this.resolved++;
    const right = embeddings.every((embedding, i) => this.#known.isRight(first + i, embedding));
    if (!right || !expected.includes('result')) this.wrong++;
  }

  #onRejected(id: number, error: unknown, expected: Expected): void {
    this.#count(id);
    const code = (error as { code?: string }).code ?? '';
    if (code === 'ST_ABORTED') this.aborted++;
    else if (code === 'ST_TIMEOUT') this.timedOut++;
    if (!expected.some((outcome) => outcome === code)) {
      this.wrong++;
      console.error(error);
    }
  }

  #count(id: number): void {
    this.#settlements[id] = (this.#settlements[id] ?? 0) + 1;
    this.settled++;
  }
}

type Expected = ReturnType<Moment>['expected'];

/** Waits until the model has nothing to do; how much it still has after a while. */
async function leftOver(model: SentenceTransformer): Promise<number> {
  const waiting = (): number => {
    const { queuedTexts, queuedTokens, runningBatches } = model.stats();
    return queuedTexts + queuedTokens + runningBatches;
  };
  for (const end = performance.now() + 5000; waiting() > 0 && performance.now() < end; ) {
    await delay(20);
  }
  return waiting();
}

const { values } = parseArgs({ options: { count: { type: 'string' } } });
const count = sizeOption('count', values.count, 100_000);
await using model = await openTiny();
const soak = new AbortSoak(model, await KnownTexts.make(model, 512), count);
const memory = new PeakMemory();
const started = performance.now();

// By then the process has what memory it needs: a fifth of the whole, more of a smaller one.
await soak.runUntil(Math.floor(Math.max(0.2 * count, Math.min(0.8 * count, 10_000))));
const [before, liveBefore] = [memory.next(), liveMiB()];
await soak.runUntil(count);
const after = memory.next();
memory.stop();

conclude(
  'aborts',
  {
    calls: soak.issued,
    resolved: soak.resolved,
    aborted: soak.aborted,
    timedOut: soak.timedOut,
    settledNotOnce: soak.settledNotOnce,
    wrong: soak.wrong,
    leftInQueue: await leftOver(model),
    leftListeners: getEventListeners(soak.lasting.signal, 'abort').length,
    liveGrowthMiB: liveMiB() - liveBefore,
    rssGrowthMiB: after - before,
    seconds: (performance.now() - started) / 1000,
  },
  {
    settledNotOnce: { atMost: 0 },
    wrong: { atMost: 0 },
    leftInQueue: { atMost: 0 },
    leftListeners: { atMost: 0 },
    liveGrowthMiB: { atMost: 4 },
    rssGrowthMiB: { atMost: 32 },
  },
);
if (soak.settled < soak.issued) process.exit(1); // dispose() would wait for what is lost
