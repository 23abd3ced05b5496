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
  /** Calls with texts left, the next one first. */
  #calls: Call[] = [];
  #scheduled = false;
  #busy = false;

  constructor(tokenizer: Tokenizer, events: IntakeEvents) {
    this.#tokenizer = tokenizer;
    this.#events = events;
  }

  /** Whether every text has been given to the tokenizer. */
  get isEmpty(): boolean {
    return this.#calls.length === 0 && !this.#busy;
  }

  add(call: Call): void {
    this.#calls.push(call);
    this.pull();
  }

  /** Tokenizes at the end of this turn, if more is wanted by then. */
  pull(): void {
    if (this.#scheduled || this.#busy || this.#calls.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#tokenizeNext();
    });
  }

  /** Forgets calls that are over. */
  dropOver(): void {
    this.#calls = this.#calls.filter((call) => !call.isOver);
  }

  async #tokenizeNext(): Promise<void> {
    if (this.#busy || this.#calls.length === 0 || !this.#events.wantsMore()) return;
    this.#busy = true;
    await this.#tokenize(this.#takeTexts());
    this.#busy = false;
    this.pull();
  }

  /** The next texts, a share of each call in turn until it is enough. */
  #takeTexts(): { call: Call; index: number }[] {
    const taken: { call: Call; index: number }[] = [];
    let characters = 0;
    while (this.#calls.length > 0 && taken.length < maxTexts && characters < maxCharacters) {
      const call = this.#calls.shift() as Call;
      const { texts } = call.request;
      while (
        call.nextText < texts.length &&
        taken.length < maxTexts &&
        characters < maxCharacters
      ) {
        characters += (texts[call.nextText] as string).length;
        taken.push({ call, index: call.nextText++ });
      }
      if (call.nextText < texts.length) this.#calls.push(call);
    }
    return taken;
  }

  /** A text that the tokenizer can't take fails alone: a failing batch is split until it stands by itself. */
  async #tokenize(texts: readonly { call: Call; index: number }[]): Promise<void> {
    const started = this.#events.now();
    try {
      const ids = await this.#tokenizer.encodeBatch(
        texts.map(({ call, index }) => call.request.prompt + call.request.texts[index]),
      );
      const tokenized = texts.map(({ call, index }, i) => ({
        call,
        ids: ids[i] as readonly number[],
        row: call.request.row(index),
      }));
      this.#events.tokenized(tokenized, this.#events.now() - started);
    } catch (error) {
      if (texts.length === 1) {
        this.#events.failed((texts[0] as { call: Call }).call, error);
        return;
      }
      const middle = texts.length >> 1;
      await this.#tokenize(texts.slice(0, middle));
      await this.#tokenize(texts.slice(middle));
    }
  }
}
