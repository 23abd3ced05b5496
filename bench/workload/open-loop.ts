import { exponential } from './random.ts';

export interface OpenLoopOptions {
  /** Arrivals per second. */
  rate: number;
  seconds: number;
  random: () => number;
  /** Starts the work of one arrival. */
  issue: () => Promise<unknown>;
  /** Arrivals are issued at most so often, in milliseconds: a timer every millisecond is work too. Default: 1. */
  tickMs?: number;
}

/** One arrival that is done: when it was due, and how long after that it was done. Milliseconds. */
export interface Arrival {
  readonly dueMs: number;
  readonly latencyMs: number;
}

export interface OpenLoop {
  /** Fulfilled when the time is over; there may be work left. */
  readonly over: Promise<void>;
  /** Fulfilled when every arrival is done. Rejected if one failed. */
  readonly drained: Promise<readonly Arrival[]>;
  /** Arrivals that are done so far. */
  completed(): number;
}

/**
 * Poisson arrivals that do not wait for each other. Each moment is planned from the start: if the process is too busy to
 * issue an arrival when it is due, the time that it waits for that counts (no coordinated omission).
 */
export function openLoop({ rate, seconds, random, issue, tickMs = 1 }: OpenLoopOptions): OpenLoop {
  const start = performance.now();
  const end = start + seconds * 1000;
  const arrivals = new Arrivals(start, issue);
  const gap = (): number => (exponential(random) * 1000) / rate;
  const over = new Promise<void>((resolve) => {
    let due = start + gap();
    const tick = (): void => {
      for (; due < end && due <= performance.now(); due += gap()) arrivals.add(due);
      const next = Math.min(due, end) - performance.now();
      if (next > 0) setTimeout(tick, Math.max(tickMs, Math.ceil(next)));
      else if (due < end) setImmediate(tick);
      else resolve();
    };
    tick();
  });
  const drained = over.then(() => arrivals.all());
  drained.catch(() => {}); // seen by who waits for it
  return { over, drained, completed: () => arrivals.completed };
}

/** What has arrived. There may be thousands a second, on the thread of what is measured: as little as can be for each. */
class Arrivals {
  readonly #start: number;
  readonly #issue: () => Promise<unknown>;
  readonly #dueMs: number[] = [];
  readonly #latencyMs: number[] = [];
  #open = 0;
  #error: { readonly cause: unknown } | undefined;
  #drained: (() => void) | undefined;

  constructor(start: number, issue: () => Promise<unknown>) {
    this.#start = start;
    this.#issue = issue;
  }

  get completed(): number {
    return this.#latencyMs.length;
  }

  add(due: number): void {
    this.#open++;
    this.#issue().then(
      () => {
        this.#dueMs.push(due - this.#start);
        this.#latencyMs.push(performance.now() - due);
        this.#end();
      },
      (cause: unknown) => {
        this.#error ??= { cause };
        this.#end();
      },
    );
  }

  /** Those that are done, once all are. */
  async all(): Promise<Arrival[]> {
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    if (this.#error) throw this.#error.cause;
    return this.#dueMs.map((dueMs, i) => ({ dueMs, latencyMs: this.#latencyMs[i] as number }));
  }

  #end(): void {
    this.#open--;
    if (this.#open === 0) this.#drained?.();
  }
}
