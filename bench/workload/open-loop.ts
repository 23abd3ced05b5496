import { exponential } from './random.ts';

export interface OpenLoopOptions {
  /** Arrivals per second. */
  rate: number;
  seconds: number;
  random: () => number;
  /** Starts the work of one arrival. */
  issue: () => Promise<unknown>;
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
export function openLoop({ rate, seconds, random, issue }: OpenLoopOptions): OpenLoop {
  const start = performance.now();
  const end = start + seconds * 1000;
  const done: Arrival[] = [];
  const pending: Promise<void>[] = [];
  const gap = (): number => (exponential(random) * 1000) / rate;
  const arrive = async (due: number): Promise<void> => {
    await issue();
    done.push({ dueMs: due - start, latencyMs: performance.now() - due });
  };
  const over = new Promise<void>((resolve) => {
    let due = start + gap();
    const tick = (): void => {
      for (; due < end && due <= performance.now(); due += gap()) pending.push(arrive(due));
      const next = Math.min(due, end) - performance.now();
      if (next > 0) setTimeout(tick, Math.ceil(next));
      else if (due < end) setImmediate(tick);
      else resolve();
    };
    tick();
  });
  // Whatever fails is seen at the end, by who waits for `drained`.
  const drained = over.then(() => Promise.all(pending)).then(() => done);
  drained.catch(() => {});
  return { over, drained, completed: () => done.length };
}
