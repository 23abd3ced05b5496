/** How long after the last lack of memory batches may grow again, each time by half of what was lost. */
const recoveryMs = 10_000;
const smallestShare = 1 / 64;

/** The share of its token budget that a batch may use: halved when memory runs out, and given back step by step. */
export class MemoryBudget {
  readonly #now: () => number;
  #share = 1;
  #changedAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** 1, or less for a while after memory ran out. */
  get share(): number {
    while (this.#share < 1 && this.#now() - this.#changedAt >= recoveryMs) {
      this.#share = Math.min(1, this.#share * 2);
      this.#changedAt += recoveryMs;
    }
    return this.#share;
  }

  /** Memory ran out. */
  shrink(): void {
    this.#share = Math.max(smallestShare, this.share / 2);
    this.#changedAt = this.#now();
  }
}
