import { createError } from '../errors.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';

/** When a call gives up. */
export interface CallControl {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Watched {
  readonly calls: Set<Call>;
  readonly onAbort: () => void;
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
      throw signalError(error);
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
        for (const each of [...calls]) this.#end(each, abortError(signal));
      };
      watched = { calls, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#signals.set(signal, watched);
    }
    watched.calls.add(call);
  }

  #unwatchSignal(call: Call, signal: AbortSignal): void {
    const watched = this.#signals.get(signal);
    watched?.calls.delete(call);
    if (watched?.calls.size !== 0) return;
    this.#signals.delete(signal);
    try {
      signal.removeEventListener('abort', watched.onAbort);
    } catch {
      // The call has its result; a listener that stays does nothing.
    }
  }
}

/** Whether the signal has fired already. */
export function hasFired(signal: AbortSignal | undefined): signal is AbortSignal {
  try {
    return signal?.aborted === true;
  } catch (error) {
    throw signalError(error);
  }
}

function signalError(cause: unknown): Error {
  return createError(
    'ST_INVALID_OPTION',
    'signal threw an error when it was used (see cause). Give the signal of an AbortController.',
    { cause },
  );
}

/** The error of a call whose signal has fired. */
export function abortError(signal: AbortSignal): Error {
  return createError('ST_ABORTED', 'The call was aborted by its signal.', { cause: signal.reason });
}

function timeoutError(timeoutMs: number): Error {
  return createError('ST_TIMEOUT', `The call took longer than its timeoutMs of ${timeoutMs} ms.`);
}
