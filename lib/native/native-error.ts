import { createError, isErrorCode } from '../errors.ts';

/** The addon throws plain errors that carry one of our codes. */
export function fromNative(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !isErrorCode(error.code)) return error;
  return createError(error.code, error.message, { cause: error });
}
