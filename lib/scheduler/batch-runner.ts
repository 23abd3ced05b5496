import { SentenceTorchError } from '../errors.ts';
import type { Call, Priority } from './call.ts';
import type { Clock } from './clock.ts';
import type { Item } from './lane.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { Layout } from './policy.ts';
import type { Recorder } from './stats.ts';

/** What a batch is to the one who runs it. */
export interface BatchItem {
  readonly ids: readonly number[];
  readonly row: Float32Array;
}

/** Runs one batch: resolves when every row is written. Urgent batches overtake others that are prepared. */
export type RunBatch = (batch: readonly BatchItem[], urgent: boolean) => Promise<void>;

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
  async run(batch: readonly Item[], priority: Priority): Promise<void> {
    const items = batch.filter((item) => !item.call.isOver);
    if (items.length === 0) return;
    const started = this.#clock.now();
    const event = { ...sizeOf(items, this.#layout), priority };
    let failure: { error: unknown } | undefined;
    try {
      await this.#run(items, priority === 'interactive');
    } catch (error) {
      failure = { error };
    }
    this.#recorder.batch({ ...event, ...failure, runMs: this.#clock.now() - started });
    if (failure === undefined) this.#outcome.written(items);
    else await this.#split(items, priority, failure.error);
  }

  async #split(items: readonly Item[], priority: Priority, error: unknown): Promise<void> {
    const code = error instanceof SentenceTorchError ? error.code : undefined;
    if (code === 'ST_OUT_OF_MEMORY') this.#memory.shrink();
    if (items.length === 1 || code === 'ST_DISPOSED') {
      for (const { call } of items) this.#outcome.failed(call, error);
      return;
    }
    const middle = items.length >> 1;
    await this.run(items.slice(0, middle), priority);
    await this.run(items.slice(middle), priority);
  }
}

function sizeOf(
  items: readonly Item[],
  layout: Layout,
): { texts: number; tokens: number; paddedTokens: number } {
  const tokens = items.reduce((sum, item) => sum + item.tokens, 0);
  const longest = items.reduce((max, item) => Math.max(max, item.tokens), 0);
  return { texts: items.length, tokens, paddedTokens: layout.cost(items.length, longest, tokens) };
}
