import { SentenceTorchError } from '../errors.ts';
import { Batch } from './batch.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import type { Item } from './lane.ts';
import { MemoryBudget } from './memory-budget.ts';
import { costOf, type Layout } from './policy.ts';
import type { Recorder } from './stats.ts';

/** What a batch is to the one who runs it. */
export interface BatchItem {
  readonly ids: readonly number[];
  readonly row: Float32Array;
}

/** A batch at the streams. */
export interface RunningBatch {
  /** Resolves when every row is written. */
  readonly done: Promise<void>;
  /** Whether no stream has begun it. */
  waits(): boolean;
  /** Puts more texts into it; false once a stream has begun it. */
  extend(more: readonly BatchItem[]): boolean;
  /** Leaves out those at these places; false once a stream has begun it. */
  cancel(places: readonly number[]): boolean;
}

/** Hands one batch to the streams. Urgent batches overtake others that are prepared. */
export type RunBatch = (batch: readonly BatchItem[], urgent: boolean) => RunningBatch;

/** Where the outcome of each text goes. */
export interface BatchOutcome {
  written(items: readonly Item[]): void;
  failed(call: Call, error: unknown): void;
}

/**
 * Runs batches. One bad text fails alone: a batch that fails is split until the culprit stands by itself. When memory runs
 * out, the split batch is smaller already, and later ones are smaller for a while.
 */
export class BatchRunner {
  readonly #run: RunBatch;
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #outcome: BatchOutcome;
  readonly #memory: MemoryBudget;
  readonly #running = new Map<Batch, RunningBatch>();

  constructor(
    run: RunBatch,
    layout: Layout,
    clock: Clock,
    recorder: Recorder,
    outcome: BatchOutcome,
  ) {
    this.#run = run;
    this.#layout = layout;
    this.#clock = clock;
    this.#recorder = recorder;
    this.#outcome = outcome;
    this.#memory = new MemoryBudget(clock.now);
  }

  /** The share of its token budget that the next batch may use. */
  get memoryShare(): number {
    return this.#memory.share;
  }

  /** Never rejects: every text's outcome is told. */
  async run(batch: Batch): Promise<void> {
    const started = this.#clock.now();
    let failure: { error: unknown } | undefined;
    try {
      const running = this.#run(batch.items, batch.priority === 'interactive');
      this.#running.set(batch, running);
      await running.done;
    } catch (error) {
      failure = { error };
    }
    this.#running.delete(batch);
    batch.close();
    if (batch.load.texts > 0) {
      const runMs = this.#clock.now() - started;
      this.#recorder.batch({ ...this.#event(batch), ...failure, runMs });
    }
    if (failure === undefined) this.#outcome.written(batch.items);
    else await this.#split(batch, failure.error);
  }

  /** Whether no stream has begun the batch. */
  waits(batch: Batch): boolean {
    return this.#running.get(batch)?.waits() ?? false;
  }

  /** Puts more texts into a batch; false if they are not in it, since a stream has begun it or for lack of memory. */
  extend(batch: Batch, items: readonly Item[]): boolean {
    try {
      if (!this.#running.get(batch)?.extend(items)) return false;
    } catch {
      return false; // in a batch of their own they run, or fail with the reason
    }
    batch.add(items);
    return true;
  }

  /** Leaves the texts of a call that is over out of a batch that no stream has begun. */
  cancel(batch: Batch, call: Call): void {
    try {
      if (this.#running.get(batch)?.cancel(batch.placesOf(call))) batch.cancel(call);
    } catch {
      // For lack of memory: they run, and what they give is dropped.
    }
  }

  #event({ load, priority }: Batch) {
    const { texts, tokens } = load;
    return { texts, tokens, paddedTokens: costOf(load, this.#layout), priority };
  }

  async #split({ items, priority }: Batch, error: unknown): Promise<void> {
    const code = error instanceof SentenceTorchError ? error.code : undefined;
    if (code === 'ST_OUT_OF_MEMORY') this.#memory.shrink();
    const left = items.filter((item) => !item.call.isOver);
    if (left.length <= 1 || code === 'ST_DISPOSED') {
      for (const { call } of left) this.#outcome.failed(call, error);
      return;
    }
    const middle = left.length >> 1;
    await this.run(new Batch(priority, left.slice(0, middle)));
    await this.run(new Batch(priority, left.slice(middle)));
  }
}
