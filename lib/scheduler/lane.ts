import type { Call } from './call.ts';
import { chooseRun, type Layout, type Limits, merge, nothing, type Waiting } from './policy.ts';

/** A tokenized text that waits for its batch. */
export class Item implements Waiting {
  readonly call: Call;
  readonly ids: readonly number[];
  readonly row: Float32Array;
  readonly arrival: number;

  constructor(call: Call, ids: readonly number[], row: Float32Array, arrival: number) {
    this.call = call;
    this.ids = ids;
    this.row = row;
    this.arrival = arrival;
  }

  get tokens(): number {
    return this.ids.length;
  }

  get turn(): number {
    return this.call.turn;
  }

  get limits(): Limits {
    return this.call.request.limits;
  }
}

/** The waiting texts of one priority, kept in the order of the layout, whose calls take turns. */
export class Lane {
  readonly #layout: Layout;
  #waiting: Item[] = [];
  #tokens = 0;
  #turns = 0;
  #arrivals = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  get texts(): number {
    return this.#waiting.length;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Milliseconds of the clock when the call that has waited longest came. */
  get oldest(): number {
    return this.#waiting.reduce(
      (oldest, { call }) => Math.min(oldest, call.startedAt),
      Number.POSITIVE_INFINITY,
    );
  }

  /** Queues tokenized texts that came together. */
  add(arrived: readonly { call: Call; ids: readonly number[]; row: Float32Array }[]): void {
    const arrival = this.#arrivals++;
    const items = arrived.map(({ call, ids, row }) => {
      if (call.turn === 0) call.turn = ++this.#turns;
      return new Item(call, ids, row, arrival);
    });
    this.#waiting = merge(this.#waiting, items.sort(this.#layout.compare), this.#layout);
    this.#tokens += sumOfTokens(items);
  }

  /** Takes out the next batch, or what joins one that holds `held`; see chooseRun(). Something must be waiting. */
  take(share: number, held = nothing): Item[] {
    const { start, end } = chooseRun(this.#waiting, this.#layout, share, held);
    if (start === end) return [];
    const taken = this.#waiting.splice(start, end - start);
    this.#tokens -= sumOfTokens(taken);
    // The call whose turn it was goes behind the others.
    const served = taken.reduce((first, item) => (item.turn < first.turn ? item : first));
    served.call.turn = ++this.#turns;
    return taken;
  }

  /** Takes out what waits for calls that are over. */
  dropOver(): void {
    this.#waiting = this.#waiting.filter((item) => !item.call.isOver);
    this.#tokens = sumOfTokens(this.#waiting);
  }
}

function sumOfTokens(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + item.tokens, 0);
}
