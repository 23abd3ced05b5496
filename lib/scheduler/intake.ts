import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Call } from './call.ts';

/** A text that has become token ids. */
export interface Tokenized {
  readonly call: Call;
  readonly ids: readonly number[];
  readonly row: Float32Array;
}

/** What the intake tells the scheduler. */
export interface IntakeEvents {
  /** Whether more texts should be tokenized now: enough are always ready, never all of a long list. */
  wantsMore(): boolean;
  tokenized(texts: readonly Tokenized[], ms: number): void;
  failed(call: Call, error: unknown): void;
  now(): number;
}

/** What is tokenized in one go: little enough that copying it to the tokenizer is nothing to the event loop. */
const maxTexts = 256;
const maxCharacters = 1 << 16;

/**
 * Texts that are not token ids yet, of one lane. What arrives in one turn of the event loop is tokenized together, off the
 * main thread, a little ahead of need; calls take turns.
 */
export class Intake {
  readonly #tokenizer: Tokenizer;
  readonly #events: IntakeEvents;
  /** Calls with texts left, the next one first. A set, since any of thousands may be dropped. */
  readonly #calls = new Set<Call>();
  #scheduled = false;
  #busy = false;

  constructor(tokenizer: Tokenizer, events: IntakeEvents) {
    this.#tokenizer = tokenizer;
    this.#events = events;
  }

  add(call: Call): void {
    this.#calls.add(call);
    this.pull();
  }

  /** Tokenizes at the end of this turn, if more is wanted by then. */
  pull(): void {
    if (this.#scheduled || this.#busy || this.#calls.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#tokenizeNext();
    });
  }

  /** Forgets a call. */
  drop(call: Call): void {
    this.#calls.delete(call);
  }

  async #tokenizeNext(): Promise<void> {
    if (this.#busy || this.#calls.size === 0 || !this.#events.wantsMore()) return;
    this.#busy = true;
    await this.#tokenize(this.#takeTexts());
    this.#busy = false;
    this.pull();
  }

  /** The next texts: of each call in turn, until it is enough. A call with texts left goes behind the others. */
  #takeTexts(): { call: Call; index: number }[] {
    const taken: { call: Call; index: number }[] = [];
    let characters = 0;
    const isEnough = () => taken.length >= maxTexts || characters >= maxCharacters;
    for (const call of this.#calls) {
      if (isEnough()) break;
      const { texts, prompt } = call.request;
      while (call.nextText < texts.length && !isEnough()) {
        characters += prompt.length + (texts[call.nextText] as string).length;
        taken.push({ call, index: call.nextText++ });
      }
      this.#calls.delete(call);
      if (call.nextText < texts.length) this.#calls.add(call);
    }
    return taken;
  }

  /** A text that the tokenizer can't take fails alone: a failing batch is split until it stands by itself. */
  async #tokenize(texts: readonly { call: Call; index: number }[]): Promise<void> {
    const started = this.#events.now();
    let ids: readonly (readonly number[])[];
    try {
      ids = await this.#tokenizer.encodeBatch(
        texts.map(({ call, index }) => call.request.prompt + call.request.texts[index]),
      );
    } catch (error) {
      await this.#split(texts, error);
      return;
    }
    const tokenized = texts.map(({ call, index }, i) => ({
      call,
      ids: ids[i] as readonly number[],
      row: call.request.row(index),
    }));
    this.#events.tokenized(tokenized, this.#events.now() - started);
  }

  async #split(texts: readonly { call: Call; index: number }[], error: unknown): Promise<void> {
    if (texts.length === 1) {
      this.#events.failed((texts[0] as { call: Call }).call, error);
      return;
    }
    const middle = texts.length >> 1;
    await this.#tokenize(texts.slice(0, middle));
    await this.#tokenize(texts.slice(middle));
  }
}
