/**
 * Every error this library throws on purpose: one table, one row per code.
 *
 * Users match `error.code`; messages may become clearer between versions, codes never change their meaning.
 * Each row names the class of the error and the anchor of its paragraph in `docs/errors.md`.
 */

/** Base class of all errors of this library. `code` is stable; `cause` is the error underneath, if any. */
export class SentenceTorchError extends Error {
  /** One of the codes of {@link ErrorCode}. */
  readonly code: ErrorCode;
  /** Where the error is explained. */
  readonly docs: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.docs = `docs/errors.md#${code.toLowerCase()}`;
  }
}

/** A text or an option that the caller can correct. */
export class InputError extends SentenceTorchError {}
/** A model folder that is missing, damaged, of another format, or refused. */
export class ModelError extends SentenceTorchError {}
/** libtorch, or this library's native part, is missing or does not fit. */
export class RuntimeError extends SentenceTorchError {}
/** A file that could not be fetched or is not what its checksum says. */
export class DownloadError extends SentenceTorchError {}
/** A call that was correct but could not be completed. */
export class ExecutionError extends SentenceTorchError {}

const table = {
  ST_INVALID_INPUT: InputError,
  ST_INVALID_OPTION: InputError,
  ST_UNKNOWN_OPTION: InputError,
  ST_UNKNOWN_PROMPT: InputError,
  ST_LOW_ACCURACY: InputError,
  ST_MODEL_NOT_FOUND: ModelError,
  ST_MODEL_DAMAGED: ModelError,
  ST_MODEL_FORMAT: ModelError,
  ST_MODEL_REFUSED: ModelError,
  ST_LIBTORCH_NOT_FOUND: RuntimeError,
  ST_LIBTORCH_MISMATCH: RuntimeError,
  ST_ADDON_NOT_FOUND: RuntimeError,
  ST_ADDON_LOAD_FAILED: RuntimeError,
  ST_DEVICE_UNAVAILABLE: RuntimeError,
  ST_DOWNLOAD_FAILED: DownloadError,
  ST_CHECKSUM_MISMATCH: DownloadError,
  ST_TOKENIZER_FAILED: ExecutionError,
  ST_FORWARD_FAILED: ExecutionError,
  ST_WRITE_FAILED: ExecutionError,
  ST_OUT_OF_MEMORY: ExecutionError,
  ST_OVERLOADED: ExecutionError,
  ST_ABORTED: ExecutionError,
  ST_TIMEOUT: ExecutionError,
  ST_DISPOSED: ExecutionError,
} as const;

/** The stable codes that `error.code` can carry. */
export type ErrorCode = keyof typeof table;

/** Whether `code` is one of ours. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(table, code);
}

/** Makes the error of `code`, of the class its row names. */
export function createError(
  code: ErrorCode,
  message: string,
  options: { cause?: unknown } = {},
): SentenceTorchError {
  return new table[code](code, message, options);
}

/**
 * The error of a call that is refused because too much is queued. It has no frames: they tell nothing about it, and
 * take several times as long as all else of a refusal, of which there are thousands a second when it matters.
 */
export function createRefusal(message: string): SentenceTorchError {
  const { stackTraceLimit } = Error;
  Reflect.set(Error, 'stackTraceLimit', undefined); // no frames; no exception where it is frozen
  try {
    const refusal = createError('ST_OVERLOADED', message);
    refusal.stack = headOf(refusal);
    return refusal;
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

/**
 * Runs `work` for a public method. Errors of ours get the stack of the call to `method`, also those that come later, when
 * the caller's frames are gone from the stack.
 */
export async function withCallerStack<T>(
  method: (...args: never[]) => unknown,
  work: () => Promise<T>,
): Promise<T> {
  let result: Promise<T>;
  try {
    result = work();
  } catch (error) {
    if (!isRefusal(error)) writeStack(error, framesAbove(method));
    await undefined; // before that nobody can handle the promise, and Node keeps books of those that reject unhandled
    throw error;
  }
  const writeCaller = callerStackOf(method);
  try {
    return await result;
  } catch (error) {
    writeCaller(error);
    throw error;
  }
}

/** Captures the stack of the call to `method`; returns how to give it to errors of ours that come later. */
export function callerStackOf(method: (...args: never[]) => unknown): (error: unknown) => void {
  const caller = framesAbove(method);
  return (error) => writeStack(error, caller);
}

function isRefusal(error: unknown): boolean {
  return isOurs(error) && error.code === 'ST_OVERLOADED';
}

/** Callbacks of the caller's may throw anything, also what `instanceof` throws for. */
function isOurs(error: unknown): error is SentenceTorchError {
  try {
    return error instanceof SentenceTorchError;
  } catch {
    return false;
  }
}

interface Frames {
  readonly stack?: string;
}

/** Where `method` was called: captured now, written down only when `stack` is read. */
function framesAbove(method: (...args: never[]) => unknown): Frames {
  const frames = {};
  Error.captureStackTrace(frames, method);
  return frames;
}

function writeStack(error: unknown, { stack = '' }: Frames): void {
  if (!isOurs(error)) return;
  error.stack = headOf(error) + stack.slice(stack.indexOf('\n'));
}

/** The first line of a stack. */
function headOf({ name, code, message }: SentenceTorchError): string {
  return `${name} [${code}]: ${message}`;
}
