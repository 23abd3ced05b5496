import type { Call, Priority } from './call.ts';
import type { Item } from './lane.ts';
import { type Load, nothing, plus } from './policy.ts';

/** Texts that are computed together. It may grow, and texts may be left out, until a stream begins it. */
export class Batch {
  readonly priority: Priority;
  readonly #items: Item[] = [];
  readonly #cancelled = new Set<Call>();
  #load = nothing;

  constructor(priority: Priority, items: readonly Item[]) {
    this.priority = priority;
    this.add(items);
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** What is computed for it: texts that were left out do not count. */
  get load(): Load {
    return this.#load;
  }

  add(items: readonly Item[]): void {
    for (const item of items) {
      this.#items.push(item); // spread, very many would not fit the stack
      item.call.batches.add(this);
    }
    this.#load = items.reduce(plus, this.#load);
  }

  /** Where the texts of the call stand in it. */
  placesOf(call: Call): number[] {
    const places: number[] = [];
    for (let i = 0; i < this.#items.length; i++) if (this.#items[i]?.call === call) places.push(i);
    return places;
  }

  /** The texts of the call were left out. */
  cancel(call: Call): void {
    this.#cancelled.add(call);
    this.#load = this.#items
      .filter((item) => !this.#cancelled.has(item.call))
      .reduce(plus, nothing);
  }

  /** Nothing is left to do for it. */
  close(): void {
    for (const { call } of this.#items) call.batches.delete(this);
  }
}
