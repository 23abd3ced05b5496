import type { BatchItem, RunBatch, RunningBatch } from '../../lib/scheduler/batch-runner.ts';
import type { CallRequest } from '../../lib/scheduler/call.ts';
import type { Clock } from '../../lib/scheduler/clock.ts';
import { Scheduler, type SchedulerSettings } from '../../lib/scheduler/scheduler.ts';
import type { Tokenizer } from '../../lib/tokenizer/tokenizer.ts';

/** A batch that was given to the streams, until the test settles it. */
export interface HeldBatch {
  /** Tokens of each text. */
  readonly texts: readonly number[];
  readonly urgent: boolean;
  /** Whether a stream has begun it, which the test says: then it grows no more. */
  begun: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** A clock that the test moves. */
export class HeldClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  readonly now = (): number => this.#now;

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue;
      timer.callback();
    }
  }
}

/** Texts are numbers of tokens: '5' has five. A text that is no number can't be tokenized. */
export const countingTokenizer: Tokenizer & { batches: number[] } = {
  batches: [],
  async encodeBatch(texts) {
    this.batches.push(texts.length);
    return texts.map((text) => {
      if (!/^\d+$/.test(text)) throw new Error(`no number: ${text}`);
      return new Array<number>(Number(text)).fill(Number(text));
    });
  },
};

/** A scheduler whose batches are held until the test settles them, and whose time the test moves. */
export class HeldScheduler {
  readonly batches: HeldBatch[] = [];
  readonly clock = new HeldClock();
  readonly tokenizer = { ...countingTokenizer, batches: [] as number[] };
  readonly scheduler: Scheduler;

  /** Batches are begun at once, unless `begun` is false. With `run` they also run at once. */
  constructor(
    settings: Partial<SchedulerSettings> = {},
    {
      run,
      begun = true,
      extend = 'works',
      cancel = 'works',
    }: {
      run?: (items: readonly BatchItem[]) => Promise<void>;
      begun?: boolean;
      extend?: 'works' | 'throws';
      cancel?: 'works' | 'throws';
    } = {},
  ) {
    const hold: RunBatch = (batch, urgent) => {
      const items = [...batch];
      const cancelled = new Set<number>();
      const held = {
        urgent,
        begun,
        get texts() {
          return items.filter((_, i) => !cancelled.has(i)).map((item) => item.ids.length);
        },
      };
      const done = new Promise<void>((resolve, reject) => {
        this.batches.push(Object.assign(held, { resolve: () => resolve(write(items)), reject }));
      });
      return {
        done,
        waits: () => !held.begun,
        extend: (more) => {
          if (extend === 'throws') throw new Error('out of memory');
          return !held.begun && items.push(...more) > 0;
        },
        cancel: (places) => {
          if (cancel === 'throws') throw new Error('out of memory');
          if (held.begun) return false;
          for (const place of places) cancelled.add(place);
          return true;
        },
      };
    };
    const runNow: RunBatch | undefined = run && ((batch) => growing(batch, run, begun));
    this.scheduler = new Scheduler(
      runNow ?? hold,
      this.tokenizer,
      {
        name: 'held',
        streams: 1,
        paddingFree: false,
        maxSeqLength: 512,
        maxBatchTokens: 100,
        maxQueuedTexts: 1000,
        maxQueuedTokens: Number.POSITIVE_INFINITY,
        maxQueueDelayMs: 0,
        ...settings,
      },
      this.clock,
    );
  }

  /** The batches so far, as their texts. */
  get texts(): (readonly number[])[] {
    return this.batches.map((batch) => batch.texts);
  }

  /** Settles everything until nothing comes any more. */
  async finish(): Promise<void> {
    for (let done = 0; done < this.batches.length; ) {
      this.batches[done++]?.resolve();
      await turns();
    }
  }
}

/** A batch that runs by itself, either at once or a turn later: until then texts may join it, or be left out. */
function growing(
  batch: readonly BatchItem[],
  run: (items: readonly BatchItem[]) => Promise<void>,
  begun: boolean,
): RunningBatch {
  if (begun) {
    return { done: run(batch), waits: () => false, extend: () => false, cancel: () => false };
  }
  const items = [...batch];
  const cancelled = new Set<number>();
  let waits = true;
  const done = turns(2).then(() => {
    waits = false;
    const left = items.filter((_, i) => !cancelled.has(i));
    return left.length > 0 ? run(left) : undefined;
  });
  return {
    done,
    waits: () => waits,
    extend: (more) => waits && items.push(...more) > 0,
    cancel: (places) => {
      if (waits) for (const place of places) cancelled.add(place);
      return waits;
    },
  };
}

/** As the real streams do: each row gets its embedding, here the number of its tokens. */
function write(batch: readonly BatchItem[]): void {
  for (const { ids, row } of batch) row[0] = ids.length;
}

/** A request of texts given as numbers of tokens. */
export function request(
  tokens: readonly (number | string)[],
  more: Partial<CallRequest> = {},
): CallRequest & { rows: Float32Array[]; written: number } {
  const rows = tokens.map(() => new Float32Array(1));
  const made = {
    texts: tokens.map(String),
    prompt: '',
    limits: { batchSize: Number.MAX_SAFE_INTEGER, maxBatchTokens: 100 },
    rows,
    written: 0,
    open() {},
    row: (index: number) => rows[index] as Float32Array,
    onWritten(list: readonly Float32Array[]) {
      made.written += list.length;
    },
    ...more,
  };
  return made;
}

/** Some turns of the event loop: whatever was about to happen has happened. */
export async function turns(count = 6): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
