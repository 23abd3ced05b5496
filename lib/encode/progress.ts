import { SingleBar } from 'cli-progress';
import type { Progress } from './options.ts';

/** Shows how far a call has come. */
export interface ProgressReporter {
  /** `count` more texts are done. */
  add(count: number): void;
  /** The call is over, well or badly. */
  stop(): void;
}

const silent: ProgressReporter = { add() {}, stop() {} };

/** `true`: a bar on stderr, if that is a terminal. A function: called after each batch. */
export function reportProgress(
  option: boolean | ((progress: Progress) => void),
  total: number,
): ProgressReporter {
  if (typeof option === 'function') return reportToCallback(option, total);
  return option && process.stderr.isTTY ? drawBar(total) : silent;
}

function reportToCallback(callback: (progress: Progress) => void, total: number): ProgressReporter {
  let completed = 0;
  return {
    add(count) {
      completed += count;
      callback({ completed, total });
    },
    stop() {},
  };
}

function drawBar(total: number): ProgressReporter {
  const bar = new SingleBar({
    format:
      'Encoding [{bar}] {percentage}% | {value}/{total} texts | {duration_formatted} | ETA {eta_formatted}',
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0);
  return {
    add: (count) => bar.increment(count),
    stop: () => bar.stop(),
  };
}
