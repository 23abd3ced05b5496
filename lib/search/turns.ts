import { AsyncResource } from 'node:async_hooks';
import { abortError, hasFired } from '../util/signal.ts';

/** A computation that yields after each bounded step. */
export type Steps<T> = Generator<void, T, void>;

/** Values that a step reads: some hundredths of a millisecond. */
export const stepValues = 2 ** 16;

/** Tells when the work since the last step makes one. */
export class StepGauge {
  #values = 0;

  /** Adds work over so many values; true when it is time to yield. */
  add(values: number): boolean {
    this.#values += values;
    if (this.#values < stepValues) return false;
    this.#values = 0;
    return true;
  }
}

/** What the event loop gives. */
export interface Loop {
  /** Milliseconds. */
  now(): number;
  /** Calls back once, when what waits at the event loop has had its turn. */
  later(callback: () => void): void;
}

const eventLoop: Loop = {
  now: () => performance.now(),
  later: (callback) => {
    setImmediate(callback);
  },
};

/** How long all computations together hold the event loop at a time. */
const turnMs = 4;

/**
 * Runs computations in turns on this thread: all together hold the event loop for a few milliseconds, then whatever else
 * waits goes first. The one that was interrupted goes behind the others.
 */
export class Turns {
  readonly #loop: Loop;
  readonly #waiting: (() => boolean)[] = [];

  constructor(loop: Loop = eventLoop) {
    this.#loop = loop;
  }

  /** The first step is taken at once: small inputs are read, and small results there, before this returns. */
  run<T>(steps: Steps<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      /** Takes a step; false at the end. */
      const advance = (): boolean => {
        try {
          if (hasFired(signal)) throw abortError(signal, 'The comparison');
          const { done, value } = steps.next();
          if (done) resolve(value);
          return !done;
        } catch (error) {
          reject(error);
          return false;
        }
      };
      if (!advance()) return;
      // Getters of the caller's may run in a later step: in the caller's context.
      const waiting = this.#waiting.push(AsyncResource.bind(advance));
      if (waiting === 1) this.#loop.later(() => this.#turn());
    });
  }

  #turn(): void {
    const end = this.#loop.now() + turnMs;
    while (this.#waiting.length > 0 && this.#loop.now() < end) {
      const advance = this.#waiting[0] as () => boolean;
      let goesOn = true;
      while (goesOn && this.#loop.now() < end) goesOn = advance();
      this.#waiting.shift();
      if (goesOn) this.#waiting.push(advance);
    }
    if (this.#waiting.length > 0) this.#loop.later(() => this.#turn());
  }
}

/** Of this thread: comparisons share its time. */
const turns = new Turns();

/** Runs a computation in turns with all others. Rejects with `ST_ABORTED` when `signal` fires. */
export function inTurns<T>(steps: Steps<T>, signal: AbortSignal | undefined): Promise<T> {
  return turns.run(steps, signal);
}
