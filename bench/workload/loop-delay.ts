import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolution = 2;

/**
 * Watches the event loop of this process. A timer is due every 2 ms; each sample is by how much the loop was late to
 * run it. While the loop is blocked it takes one sample, however long that lasts: a percentile counts the samples, not the
 * time, and so flatters who blocks for long.
 */
export function watchLoop(): { end(): number } {
  const histogram = monitorEventLoopDelay({ resolution });
  const started = performance.now();
  histogram.enable();
  return {
    /** Stops watching; the 99th percentile in milliseconds. */
    end() {
      histogram.disable();
      // Node records from one firing of the timer to the next, which is `resolution` if nothing is late.
      const interval =
        histogram.count > 0 ? histogram.percentile(99) / 1e6 : performance.now() - started;
      return Math.max(0, interval - resolution);
    },
  };
}
