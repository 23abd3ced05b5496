import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const mebibyte = 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Live JavaScript objects and array buffers, in MiB. */
export function liveMiB(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / mebibyte;
}

/** The highest resident memory of this process in each of several phases. */
export class PeakMemory {
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor() {
    this.#timer = setInterval(() => this.sample(), 50).unref();
  }

  sample(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
  }

  /** The highest since the last call, in MiB; starts the next phase. */
  next(): number {
    this.sample();
    const peak = this.#peak / mebibyte;
    this.#peak = 0;
    this.sample();
    return peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
