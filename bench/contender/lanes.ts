import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { SentenceTransformer } from '../../lib/index.ts';
import { median, quantile } from '../workload/numbers.ts';
import { type Arrival, type OpenLoop, openLoop } from '../workload/open-loop.ts';
import { seededRandom } from '../workload/random.ts';
import { mixedTexts } from '../workload/texts.ts';

export interface LanesOptions {
  bulkTexts: number;
  /** Interactive texts per second. */
  rate: number;
  /** Interactive load alone, before and after the bulk job: each so long. */
  aloneSeconds: number;
  /** While the bulk job runs, the interactive load is off and on in turn, each so long. */
  windowSeconds: number;
  seed: number;
}

export interface LanesResult {
  /** Latency of interactive texts with nothing else to do. */
  aloneP99Ms: number;
  /** The same while the bulk job runs. */
  besideBulkP99Ms: number;
  /** How long a batch of the bulk job runs. */
  batchMs: number;
  /** Tokens per second of the bulk job in windows without and with interactive load: medians. */
  bulkAlone: number;
  bulkBeside: number;
  /** Pairs of windows that were compared. */
  pairs: number;
  bulkSeconds: number;
}

/** A bulk job of one encode(), and single texts that arrive meanwhile. */
class Lanes {
  readonly #model: SentenceTransformer;
  readonly #options: LanesOptions;
  readonly #random: () => number;
  readonly #texts: readonly string[];

  constructor(model: SentenceTransformer, options: LanesOptions) {
    this.#model = model;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#texts = mixedTexts(2048, options.seed + 1);
  }

  #interactive(seconds: number): OpenLoop {
    let next = 0;
    const issue = (): Promise<unknown> => {
      const text = this.#texts[next++ % this.#texts.length] as string;
      return this.#model.encode(text, { priority: 'interactive' });
    };
    return openLoop({ rate: this.#options.rate, seconds, random: this.#random, issue });
  }

  /** Nothing but interactive texts. Also how many tokens one of them has. */
  async #alone(): Promise<{ latencies: number[]; tokensPerText: number }> {
    const before = this.#model.stats();
    const arrivals = await this.#interactive(this.#options.aloneSeconds).drained;
    const after = this.#model.stats();
    return {
      latencies: latencies(arrivals),
      tokensPerText: (after.tokens - before.tokens) / (after.texts - before.texts),
    };
  }

  async run(): Promise<LanesResult> {
    const before = await this.#alone();
    const job = mixedTexts(this.#options.bulkTexts, this.#options.seed + 2);
    const started = performance.now();
    let over = false;
    const bulk = this.#model.encode(job, { priority: 'bulk' }).finally(() => {
      over = true;
    });
    bulk.catch(() => {}); // reported by `await bulk` below
    await delay(500); // until the streams are busy
    const beside: OpenLoop[] = [];
    const windows: { off: Window; on: Window }[] = [];
    while (!over) {
      const off = await this.#window(before.tokensPerText);
      if (over) break;
      const load = this.#interactive(this.#options.windowSeconds);
      const on = await this.#window(before.tokensPerText, load);
      beside.push(load);
      if (!over) windows.push({ off, on });
    }
    await bulk;
    const bulkSeconds = (performance.now() - started) / 1000;
    const loaded = (await Promise.all(beside.map(({ drained }) => drained))).flat();
    const after = await this.#alone();
    return {
      aloneP99Ms: quantile([...before.latencies, ...after.latencies], 0.99),
      besideBulkP99Ms: quantile(latencies(loaded), 0.99),
      batchMs: median(windows.map(({ off }) => off.batchMs)),
      bulkAlone: median(windows.map(({ off }) => off.tokensPerSecond)),
      bulkBeside: median(windows.map(({ on }) => on.tokensPerSecond)),
      pairs: windows.length,
      bulkSeconds,
    };
  }

  /** Throughput of the bulk job for a while: all tokens, less those of interactive texts that were done meanwhile. */
  async #window(tokensPerText: number, load?: OpenLoop): Promise<Window> {
    const [started, before] = [performance.now(), this.#model.stats()];
    await (load?.over ?? delay(this.#options.windowSeconds * 1000));
    const seconds = (performance.now() - started) / 1000;
    const after = this.#model.stats();
    const own = (load?.completed() ?? 0) * tokensPerText;
    return {
      tokensPerSecond: (after.tokens - before.tokens - own) / seconds,
      // All streams are busy all the time, and by default there is one per core.
      batchMs: (availableParallelism() * seconds * 1000) / (after.batches - before.batches),
    };
  }
}

interface Window {
  readonly tokensPerSecond: number;
  readonly batchMs: number;
}

const latencies = (arrivals: readonly Arrival[]): number[] =>
  arrivals.map(({ latencyMs }) => latencyMs);

export function measureLanes(
  model: SentenceTransformer,
  options: LanesOptions,
): Promise<LanesResult> {
  return new Lanes(model, options).run();
}
