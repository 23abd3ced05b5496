/** Time, so that tests can hold it. */
export interface Clock {
  /** Milliseconds from any fixed point. */
  now(): number;
  /** Calls back after `ms`; returns how to cancel that. */
  after(ms: number, callback: () => void): () => void;
}

/** Longer than this, timers of Node fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
};
