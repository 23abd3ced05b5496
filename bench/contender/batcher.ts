interface Waiting {
  readonly text: string;
  readonly resolve: (embedding: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Batches that are formed at once, so that texts of like length share one. */
const batchesAhead = 8;

/**
 * What a user of a library without batching across callers would write: while a batch runs, the texts of other callers
 * wait; what waits is sorted by length and cut into batches. An idle library gets a lone text at once.
 */
export class Batcher {
  size = 1;
  readonly #run: (texts: string[]) => Promise<Float32Array[]>;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(run: (texts: string[]) => Promise<Float32Array[]>) {
    this.#run = run;
  }

  encode(text: string): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      if (!this.#running) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#running = true;
    let planned: Waiting[][] = [];
    for (;;) {
      // One turn of the event loop: requests that came during the last batch join the next one.
      await new Promise((resolve) => setImmediate(resolve));
      if (planned.length === 0) planned = this.#plan();
      const batch = planned.shift();
      if (batch === undefined) break;
      await this.#settle(batch);
    }
    this.#running = false;
  }

  #plan(): Waiting[][] {
    const taken = this.#waiting.splice(0, this.size * batchesAhead);
    taken.sort((a, b) => a.text.length - b.text.length);
    const batches: Waiting[][] = [];
    for (let at = 0; at < taken.length; at += this.size) {
      batches.push(taken.slice(at, at + this.size));
    }
    return batches;
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const embeddings = await this.#run(batch.map(({ text }) => text));
      batch.forEach(({ resolve }, i) => {
        resolve(embeddings[i] as Float32Array);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
