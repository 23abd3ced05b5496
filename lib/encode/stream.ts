import { AsyncResource } from 'node:async_hooks';
import { createError } from '../errors.ts';
import { show } from '../util/check.ts';
import { abortError, hasFired, listen, reasonOf } from '../util/signal.ts';

/** Texts that make one call of a stream: enough for full batches of nearly equal lengths, little to hold. */
const windowTexts = 256;
const windowCharacters = 1 << 16;
/** Calls under way at once: one is computed, one waits, one is read by the consumer. */
const windowsAhead = 3;

/** Encodes the texts of one window. */
export type EncodeWindow = (texts: string[], signal: AbortSignal) => Promise<Float32Array[]>;

type CheckText = (text: unknown, index: number) => asserts text is string;

/**
 * Encodes texts as they come and yields the embeddings in order. Reads ahead only a few windows, so memory does not grow
 * with the source, and waits for a slow consumer. A source that pauses does not hold back what it gave before, and one that
 * fails not what came before that. The consumer's return() and `signal` end it at once, also while the source waits.
 *
 * `mark` is shown each error that ends the stream.
 */
export function encodeWindows(
  texts: Iterable<unknown> | AsyncIterable<unknown>,
  check: CheckText,
  encode: EncodeWindow,
  signal: AbortSignal | undefined,
  mark: (error: unknown) => void = () => {},
): AsyncGenerator<Float32Array, void, undefined> {
  const stop = new AbortController();
  const source = new WindowReader(texts, check, stop.signal);
  const rows = readRows(source, encode, signal, stop, mark);
  const end = rows.return.bind(rows);
  return Object.assign(rows, {
    async return(value: void | PromiseLike<void>) {
      stop.abort(); // a generator that waits takes no return() before it goes on: this lets it
      const ended = await end(value);
      await source.close(); // a generator that has not begun runs none of its code at its end
      return ended;
    },
    async throw(error: unknown): Promise<never> {
      await rows.return().catch(() => {});
      throw error;
    },
  });
}

async function* readRows(
  source: WindowReader,
  encode: EncodeWindow,
  signal: AbortSignal | undefined,
  stop: AbortController,
  mark: (error: unknown) => void,
): AsyncGenerator<Float32Array, void, undefined> {
  let unlisten = () => {};
  try {
    if (hasFired(signal)) throw abortError(signal, 'The stream');
    if (signal) unlisten = listen(signal, () => stop.abort(reasonOf(signal)));
    yield* readWindows(source, encode, stop.signal);
  } catch (thrown) {
    const hasStopped = stop.signal.aborted;
    stop.abort();
    await source.closeAfter(hasStopped);
    if (hasStopped && !hasFired(signal)) return; // the consumer did it, and waits for no more
    const error = hasStopped && signal ? abortError(signal, 'The stream') : thrown;
    mark(error);
    throw error;
  } finally {
    unlisten();
    stop.abort();
    await source.close();
  }
}

/** Throws, whatever that is, once `stopped` fires. */
async function* readWindows(
  source: WindowReader,
  encode: EncodeWindow,
  stopped: AbortSignal,
): AsyncGenerator<Float32Array, void, undefined> {
  const underWay: Promise<Float32Array[]>[] = [];
  for (;;) {
    while (underWay.length < windowsAhead && !source.isAtEnd) {
      // With nothing under way there is nothing to do but to wait for the source.
      const window = await source.next(underWay.length === 0);
      stopped.throwIfAborted();
      if (window.length === 0) break;
      const encoded = encode(window, stopped);
      encoded.catch(() => {}); // awaited in its turn; until then it must not count as unhandled
      underWay.push(encoded);
    }
    const first = underWay.shift();
    if (first === undefined && source.isAtEnd) return source.rethrow();
    for (const row of (await first) ?? []) {
      stopped.throwIfAborted();
      yield row;
    }
  }
}

/** Cuts a source into windows. */
class WindowReader {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #check: CheckText;
  readonly #stop: AbortSignal;
  /** Whatever runs code of the source's is called in the context of who began the stream. */
  readonly #context = new AsyncResource('sentence-torch.encodeStream');
  #pending: Promise<unknown> | undefined;
  #count = 0;
  #failure: { error: unknown } | undefined;
  /** Whether the source has given its last text, or failed. */
  isAtEnd = false;
  #isDone = false;

  constructor(
    texts: Iterable<unknown> | AsyncIterable<unknown>,
    check: CheckText,
    stop: AbortSignal,
  ) {
    this.#check = check;
    this.#stop = stop;
    this.#iterator = iteratorOf(texts);
  }

  /**
   * The next texts: as many as make a window, or those that the source has ready. Empty at the end, once stopped, or, unless
   * `wait` is set, while the source has none ready.
   */
  async next(wait: boolean): Promise<string[]> {
    const window: string[] = [];
    let characters = 0;
    while (window.length < windowTexts && characters < windowCharacters) {
      try {
        const text = await this.#read(window.length > 0 || !wait);
        if (text === undefined) break;
        characters += text.length;
        window.push(text);
      } catch (error) {
        this.#failure = { error };
        this.isAtEnd = true;
        break;
      }
    }
    return window;
  }

  /** Throws what the source failed with, when all before it is done. */
  rethrow(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Lets the source free what it holds, when its end was not reached. A source that is waiting is told, not waited for. */
  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    const closed = (async () => {
      await this.#context.runInAsyncScope(() => this.#iterator.return?.());
    })();
    if (this.#pending === undefined) await closed;
    else closed.catch(() => {});
  }

  /** The same after an error, which hides what the source throws; if the stream was `stopped`, nobody waits for the source. */
  async closeAfter(stopped: boolean): Promise<void> {
    const closed = this.close().catch(() => {});
    if (!stopped) await closed;
  }

  /** One text; undefined at the end, once stopped, or if there is none yet and it `mayPause`. */
  async #read(mayPause: boolean): Promise<string | undefined> {
    this.#pending ??= this.#ask();
    const asked = this.#pending;
    const result = await (mayPause ? readyOrUndefined(asked) : unlessStopped(asked, this.#stop));
    if (result === undefined) return undefined;
    this.#pending = undefined;
    if (typeof result !== 'object' || result === null) {
      throw createError(
        'ST_INVALID_INPUT',
        `The source of encodeStream() gave ${show(result)} for next(). Iterators give { done, value }.`,
      );
    }
    const { done, value: text } = result as IteratorResult<unknown>;
    if (done) {
      this.isAtEnd = this.#isDone = true;
      return undefined;
    }
    this.#check(text, this.#count++);
    return text;
  }

  async #ask(): Promise<unknown> {
    try {
      return await this.#context.runInAsyncScope(() => this.#iterator.next());
    } catch (error) {
      this.#isDone = true; // an iterator that threw is over: nobody calls its return()
      throw error;
    }
  }
}

function iteratorOf(
  texts: Iterable<unknown> | AsyncIterable<unknown>,
): Iterator<unknown> | AsyncIterator<unknown> {
  const iterator: unknown =
    (texts as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator]?.() ??
    (texts as Iterable<unknown>)[Symbol.iterator]();
  const next =
    typeof iterator === 'object' && iterator !== null && 'next' in iterator && iterator.next;
  if (typeof next === 'function') return iterator as Iterator<unknown> | AsyncIterator<unknown>;
  throw createError(
    'ST_INVALID_INPUT',
    `encodeStream() was given an object whose iterator is ${show(iterator)}. Give an iterable or async iterable of strings.`,
  );
}

/** The value, if it is there by the next turn of the event loop. */
function readyOrUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([
    promise,
    new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined))),
  ]);
}

/** The value, or undefined as soon as `stop` fires. */
function unlessStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  if (stop.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const onStop = () => resolve(undefined);
    stop.addEventListener('abort', onStop, { once: true });
    promise.then(resolve, reject).finally(() => stop.removeEventListener('abort', onStop));
  });
}
