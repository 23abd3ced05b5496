import { chooseRun, type Limits, longestFirst, merge, type Waiting } from './policy.ts';

/** A tokenized text and where its embedding goes. */
export interface Item {
  readonly ids: readonly number[];
  readonly row: Float32Array;
}

/** What one encode() asks of the scheduler. */
export interface Call {
  readonly limits: Limits;
  /** Called after each batch with the items of this call that it held; their rows are written. */
  onWritten(items: readonly Item[]): void;
}

interface Group {
  readonly call: Call;
  left: number;
  resolve(): void;
  reject(error: unknown): void;
}

interface QueuedItem extends Waiting, Item {
  readonly group: Group;
}

/** Runs one batch: resolves when every row is written. */
export type RunBatch = (batch: readonly Item[]) => Promise<void>;

/**
 * One queue for the texts of all callers. Each stream has one batch running and one prepared; while they are busy texts
 * gather, so batches grow with the load by themselves and an idle model runs a lone text at once.
 */
export class Scheduler {
  readonly #run: RunBatch;
  readonly #maxInFlight: number;
  #waiting: QueuedItem[] = [];
  #arrivals = 0;
  #inFlight = 0;

  constructor(run: RunBatch, streams: number) {
    this.#run = run;
    this.#maxInFlight = streams * 2;
  }

  /**
   * Queues `items` for `call`. Resolves when all are written; rejects with the error of the first batch that fails,
   * after which no text of these items runs any more.
   */
  submit(call: Call, items: readonly Item[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (items.length === 0) return resolve();
      const group: Group = { call, left: items.length, resolve, reject };
      const arrival = this.#arrivals++;
      const arrived = items
        .map(({ ids, row }) => ({
          ids,
          row,
          group,
          arrival,
          tokens: ids.length,
          limits: call.limits,
        }))
        .sort(longestFirst);
      this.#waiting = merge(this.#waiting, arrived);
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#inFlight < this.#maxInFlight && this.#waiting.length > 0) {
      const { start, end } = chooseRun(this.#waiting);
      void this.#runBatch(this.#waiting.splice(start, end - start));
    }
  }

  async #runBatch(batch: readonly QueuedItem[]): Promise<void> {
    this.#inFlight++;
    try {
      await this.#run(batch);
      this.#written(batch);
    } catch (error) {
      this.#failed(batch, error);
    } finally {
      this.#inFlight--;
      this.#dispatch();
    }
  }

  #written(batch: readonly QueuedItem[]): void {
    for (const [group, items] of byGroup(batch)) {
      try {
        group.call.onWritten(items);
        group.left -= items.length;
        if (group.left === 0) group.resolve();
      } catch (error) {
        this.#drop(group, error); // the caller's own callback threw: theirs alone
      }
    }
  }

  #failed(batch: readonly QueuedItem[], error: unknown): void {
    for (const group of byGroup(batch).keys()) this.#drop(group, error);
  }

  #drop(group: Group, error: unknown): void {
    group.reject(error);
    this.#waiting = this.#waiting.filter((item) => item.group !== group);
  }
}

function byGroup(batch: readonly QueuedItem[]): Map<Group, QueuedItem[]> {
  const groups = new Map<Group, QueuedItem[]>();
  for (const item of batch) {
    const items = groups.get(item.group);
    if (items) items.push(item);
    else groups.set(item.group, [item]);
  }
  return groups;
}
