import { createRefusal, type SentenceTorchError } from '../errors.ts';
import type { Call, CallRequest } from './call.ts';

/** Bounds of the queue. */
export interface QueueLimits {
  readonly maxQueuedTexts: number;
  readonly maxQueuedTokens: number;
  readonly maxSeqLength: number;
}

/** Characters per token, for texts that are not tokenized yet. */
const charactersPerToken = 4;
const specialTokens = 2;

/** How much is queued: every text that was asked for and is not written, wherever it is. */
export class QueueGauge {
  readonly #limits: QueueLimits;
  #texts = 0;
  #tokens = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get texts(): number {
    return this.#texts;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Tokens of a call that is not tokenized yet. */
  estimate({ texts, prompt }: CallRequest): number {
    let tokens = 0;
    for (const text of texts) {
      const estimate =
        specialTokens + Math.ceil((prompt.length + text.length) / charactersPerToken);
      tokens += Math.min(this.#limits.maxSeqLength, estimate);
    }
    return tokens;
  }

  /** Why the call can't be taken. An idle model takes a call of any size, a busy one what fits. */
  refusal(texts: number, tokens: number): SentenceTorchError | undefined {
    const { maxQueuedTexts, maxQueuedTokens } = this.#limits;
    if (this.#texts === 0) return undefined;
    let full: string;
    if (this.#texts + texts > maxQueuedTexts) {
      full = `maxQueuedTexts is ${maxQueuedTexts} and ${this.#texts} texts are queued`;
    } else if (this.#tokens + tokens > maxQueuedTokens) {
      full = `maxQueuedTokens is ${maxQueuedTokens} and about ${this.#tokens} tokens are queued`;
    } else {
      return undefined;
    }
    return createRefusal(
      `The queue is full: ${full}; this call has ${texts} texts of about ${tokens} tokens. Try again later, or send less at once.`,
    );
  }

  enter(call: Call): void {
    this.#texts += call.textsLeft;
    this.#tokens += call.tokensLeft;
  }

  /** `count` more texts of the call are written. */
  written(call: Call, count: number): void {
    const before = call.tokensLeft;
    call.written += count;
    this.#texts -= count;
    this.#tokens -= before - call.tokensLeft;
  }

  leave(call: Call): void {
    this.#texts -= call.textsLeft;
    this.#tokens -= call.tokensLeft;
  }
}
