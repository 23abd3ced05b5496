import { createError } from '../errors.ts';
import { abortError, listen } from '../util/signal.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';

/** When a call gives up. */
export interface CallControl {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Watched {
  readonly calls: Set<Call>;
  readonly unlisten: () => void;
}

/** Ends calls whose signal fires or whose time is up. */
export class Watch {
  readonly #clock: Clock;
  readonly #end: (call: Call, error: unknown) => void;
  /** One listener per signal: a server's shutdown signal may be that of thousands of calls. */
  readonly #signals = new Map<AbortSignal, Watched>();

  constructor(clock: Clock, end: (call: Call, error: unknown) => void) {
    this.#clock = clock;
    this.#end = end;
  }

  /** Watches the call; returns how to stop that. */
  add(call: Call, { timeoutMs, signal }: CallControl): () => void {
    const cancelTimer =
      timeoutMs === undefined
        ? undefined
        : this.#clock.after(timeoutMs, () => this.#end(call, timeoutError(timeoutMs)));
    try {
      if (signal) this.#watchSignal(call, signal);
    } catch (error) {
      cancelTimer?.();
      throw error;
    }
    return () => {
      cancelTimer?.();
      if (signal) this.#unwatchSignal(call, signal);
    };
  }

  #watchSignal(call: Call, signal: AbortSignal): void {
    let watched = this.#signals.get(signal);
    if (watched === undefined) {
      const calls = new Set<Call>();
      const onAbort = () => {
        for (const each of [...calls]) this.#end(each, abortError(signal, 'The call'));
      };
      watched = { calls, unlisten: listen(signal, onAbort) };
      this.#signals.set(signal, watched);
    }
    watched.calls.add(call);
  }

  #unwatchSignal(call: Call, signal: AbortSignal): void {
    const watched = this.#signals.get(signal);
    watched?.calls.delete(call);
    if (watched?.calls.size !== 0) return;
    this.#signals.delete(signal);
    watched.unlisten();
  }
}

export function timeoutError(timeoutMs: number): Error {
  return createError('ST_TIMEOUT', `The call took longer than its timeoutMs of ${timeoutMs} ms.`);
}
