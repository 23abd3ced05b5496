/** The tokens of one text of a list. */
export interface Tokens {
  readonly index: number;
  readonly ids: readonly number[];
}

/** Longest first, cut wherever another text would take the batch over the budget of tokens, padding included. */
export function planBatches(texts: readonly Tokens[], budget: number): Tokens[][] {
  const batches: Tokens[][] = [];
  let room = 0;
  for (const text of [...texts].sort((a, b) => b.ids.length - a.ids.length)) {
    if (room === 0) {
      batches.push([]);
      room = Math.max(1, Math.floor(budget / text.ids.length));
    }
    batches.at(-1)?.push(text);
    room--;
  }
  return batches;
}
