/** Texts that make one call of a stream: enough for full batches of nearly equal lengths, little to hold. */
const windowTexts = 256;
const windowCharacters = 1 << 16;
/** Calls under way at once: one is computed, one waits, one is read by the consumer. */
const windowsAhead = 3;

/** Encodes the texts of one window. */
export type EncodeWindow = (texts: string[], signal: AbortSignal) => Promise<Float32Array[]>;

/**
 * Encodes texts as they come and yields the embeddings in order. Reads ahead only a few windows, so memory does not grow
 * with the source, and waits for a slow consumer. A source that pauses does not hold back what it gave before.
 */
export async function* encodeWindows(
  texts: Iterable<unknown> | AsyncIterable<unknown>,
  check: (text: unknown, index: number) => asserts text is string,
  encode: EncodeWindow,
  signal: AbortSignal | undefined,
): AsyncGenerator<Float32Array, void, undefined> {
  const source = new WindowReader(texts, check);
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  const underWay: Promise<Float32Array[]>[] = [];
  try {
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    for (;;) {
      while (underWay.length < windowsAhead && !source.isAtEnd) {
        // With nothing under way there is nothing to do but to wait for the source.
        const window = await source.next(underWay.length === 0);
        if (window.length === 0) break;
        const encoded = encode(window, controller.signal);
        encoded.catch(() => {}); // awaited in its turn; until then it must not count as unhandled
        underWay.push(encoded);
      }
      const first = underWay.shift();
      if (first !== undefined) yield* await first;
      else if (source.isAtEnd) return;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    controller.abort();
    await source.close();
  }
}

/** Cuts a source into windows. */
class WindowReader {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #check: (text: unknown, index: number) => asserts text is string;
  #pending: Promise<IteratorResult<unknown>> | undefined;
  #count = 0;
  isAtEnd = false;

  constructor(
    texts: Iterable<unknown> | AsyncIterable<unknown>,
    check: (text: unknown, index: number) => asserts text is string,
  ) {
    this.#check = check;
    this.#iterator =
      Symbol.asyncIterator in texts ? texts[Symbol.asyncIterator]() : texts[Symbol.iterator]();
  }

  /**
   * The next texts: as many as make a window, or those that the source has ready. Empty at the end, or, unless `wait` is set,
   * while the source has none ready.
   */
  async next(wait: boolean): Promise<string[]> {
    const window: string[] = [];
    let characters = 0;
    while (window.length < windowTexts && characters < windowCharacters) {
      this.#pending ??= Promise.resolve(this.#iterator.next());
      const mayPause = window.length > 0 || !wait;
      const result = await (mayPause ? readyOrUndefined(this.#pending) : this.#pending);
      if (result === undefined) break;
      this.#pending = undefined;
      if (result.done) {
        this.isAtEnd = true;
        break;
      }
      const text: unknown = result.value;
      this.#check(text, this.#count++);
      characters += text.length;
      window.push(text);
    }
    return window;
  }

  /** Lets the source free what it holds, when its end was not reached. */
  async close(): Promise<void> {
    if (!this.isAtEnd) await this.#iterator.return?.();
  }
}

/** The value, if it is there by the next turn of the event loop. */
function readyOrUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([
    promise,
    new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined))),
  ]);
}
