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
  /** In the layout's order. Items of calls that were dropped stay in it until it is swept. */
  #list: Item[] = [];
  #texts = 0;
  #tokens = 0;
  /** What waits of each call. */
  readonly #calls = new Map<Call, { texts: number; tokens: number }>();
  #turns = 0;
  #arrivals = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  get texts(): number {
    return this.#texts;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Milliseconds of the clock when the call that has waited longest came. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { startedAt } of this.#calls.keys()) oldest = Math.min(oldest, startedAt);
    return oldest;
  }

  /** Queues tokenized texts that came together. */
  add(arrived: readonly { call: Call; ids: readonly number[]; row: Float32Array }[]): void {
    const arrival = this.#arrivals++;
    const items = arrived.map(({ call, ids, row }) => {
      if (call.turn === 0) call.turn = ++this.#turns;
      return new Item(call, ids, row, arrival);
    });
    this.#list = merge(this.#swept(), items.sort(this.#layout.compare), this.#layout);
    for (const item of items) this.#count(item, 1);
  }

  /** Takes out the next batch, or what joins one that holds `held`; see chooseRun(). Something must be waiting. */
  take(share: number, held = nothing): Item[] {
    const { start, end } = chooseRun(this.#swept(), this.#layout, share, held);
    if (start === end) return [];
    const taken = this.#list.splice(start, end - start);
    for (const item of taken) this.#count(item, -1);
    // The call whose turn it was goes behind the others.
    const served = taken.reduce((first, item) => (item.turn < first.turn ? item : first));
    served.call.turn = ++this.#turns;
    return taken;
  }

  /** Takes out what waits for a call that is over. One signal may end thousands, so the list is swept when half is dropped. */
  drop(call: Call): void {
    const waiting = this.#calls.get(call);
    if (waiting === undefined) return;
    this.#calls.delete(call);
    this.#texts -= waiting.texts;
    this.#tokens -= waiting.tokens;
    // No later: what was dropped holds the texts and embeddings of its call.
    if (this.#list.length >= 2 * this.#texts) this.#swept();
  }

  #swept(): Item[] {
    const isSwept = this.#list.length === this.#texts;
    if (!isSwept) this.#list = this.#list.filter(({ call }) => this.#calls.has(call));
    return this.#list;
  }

  /** One text more (1) or less (-1) waits. */
  #count({ call, tokens }: Item, change: 1 | -1): void {
    const waiting = this.#calls.get(call) ?? { texts: 0, tokens: 0 };
    waiting.texts += change;
    waiting.tokens += change * tokens;
    this.#texts += change;
    this.#tokens += change * tokens;
    if (waiting.texts === 0) this.#calls.delete(call);
    else this.#calls.set(call, waiting);
  }
}
