import { createError } from '../errors.ts';

/**
 * Signals are code of the caller's: theirs may have getters and methods that throw. Nothing of that gets past here without
 * a code, or keeps a call from ending.
 */

/** Whether the signal has fired already. */
export function hasFired(signal: AbortSignal | undefined): signal is AbortSignal {
  try {
    return signal?.aborted === true;
  } catch (error) {
    throw signalError(error);
  }
}

/** Calls `listener` when the signal fires; returns how to stop that. */
export function listen(signal: AbortSignal, listener: () => void): () => void {
  try {
    signal.addEventListener('abort', listener, { once: true });
  } catch (error) {
    throw signalError(error);
  }
  return () => {
    try {
      signal.removeEventListener('abort', listener);
    } catch {
      // What it was for is over; a listener that stays does nothing.
    }
  };
}

/** The error of what a signal has ended: `what` says what that was. */
export function abortError(signal: AbortSignal, what: string): Error {
  return createError('ST_ABORTED', `${what} was aborted by its signal.`, {
    cause: reasonOf(signal),
  });
}

/** Why the signal has fired. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch (error) {
    return error;
  }
}

function signalError(cause: unknown): Error {
  return createError(
    'ST_INVALID_OPTION',
    'signal threw an error when it was used (see cause). Give the signal of an AbortController.',
    { cause },
  );
}
