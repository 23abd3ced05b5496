import type { Call, Priority } from './call.ts';
import type { Item } from './lane.ts';
import { type Load, nothing, plus } from './policy.ts';

/** Texts that are computed together. It may grow, and texts may be left out, until a stream begins it. */
export class Batch {
  readonly priority: Priority;
  readonly #items: Item[] = [];
  /** Where the texts of each call stand in it; those of calls that were left out are gone from here. */
  readonly #places = new Map<Call, number[]>();
  /** Undefined from when texts were left out until somebody asks. */
  #load: Load | undefined = nothing;

  constructor(priority: Priority, items: readonly Item[]) {
    this.priority = priority;
    this.add(items);
  }

  /** With those that were left out: their places are taken. */
  get items(): readonly Item[] {
    return this.#items;
  }

  /** What is computed for it: texts that were left out do not count. */
  get load(): Load {
    // Once for all that were left out together: one signal may end thousands of calls.
    this.#load ??= this.#items.filter(({ call }) => this.#places.has(call)).reduce(plus, nothing);
    return this.#load;
  }

  add(items: readonly Item[]): void {
    const load = this.load;
    for (const item of items) {
      const places = this.#places.get(item.call);
      if (places) places.push(this.#items.length);
      else this.#places.set(item.call, [this.#items.length]);
      this.#items.push(item); // spread, very many would not fit the stack
      item.call.batches.add(this);
    }
    this.#load = items.reduce(plus, load);
  }

  /** Where the texts of the call stand in it. */
  placesOf(call: Call): readonly number[] {
    return this.#places.get(call) ?? [];
  }

  /** The texts of the call were left out. */
  cancel(call: Call): void {
    this.#places.delete(call);
    this.#load = undefined;
  }

  /** Nothing is left to do for it. */
  close(): void {
    for (const { call } of this.#items) call.batches.delete(this);
  }
}
