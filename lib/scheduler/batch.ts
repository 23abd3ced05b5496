import type { Priority } from './call.ts';
import type { Item } from './lane.ts';
import { type Load, nothing, plus } from './policy.ts';

/** Texts that are computed together. It may grow until a stream begins it. */
export class Batch {
  readonly priority: Priority;
  readonly #items: Item[] = [];
  #load = nothing;

  constructor(priority: Priority, items: readonly Item[]) {
    this.priority = priority;
    this.add(items);
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  get load(): Load {
    return this.#load;
  }

  add(items: readonly Item[]): void {
    for (const item of items) this.#items.push(item); // spread, very many would not fit the stack
    this.#load = items.reduce(plus, this.#load);
  }
}
