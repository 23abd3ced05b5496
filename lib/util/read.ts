import { createError, type ErrorCode } from '../errors.ts';
import { isArray, show } from './check.ts';

/**
 * Reads what callers give. Their getters and proxies are code of theirs, which may throw or lie: it runs once for each value,
 * and what it throws becomes the cause of a coded error.
 */

/** One property. `what` names the value in messages, in the plural. */
export function readProperty(
  value: object,
  key: PropertyKey,
  what: string,
  code: ErrorCode = 'ST_INVALID_INPUT',
): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch (error) {
    throw createError(
      code,
      `${what} threw an error when they were read (see cause). Give plain arrays and objects.`,
      { cause: error },
    );
  }
}

/** The length of an array: a proxy may call itself of any length. */
export function readLength(
  list: readonly unknown[],
  what: string,
  code: ErrorCode = 'ST_INVALID_INPUT',
): number {
  const length = readProperty(list, 'length', what, code);
  if (Number.isSafeInteger(length) && (length as number) >= 0 && (length as number) < 2 ** 32) {
    return length as number;
  }
  throw createError(
    code,
    `${what} are an array with a length of ${show(length)}. Give a plain array.`,
  );
}

/** A copy of a short array of strings; undefined if it is no such array. */
export function readNames(value: unknown, what: string): string[] | undefined {
  if (!isArray(value)) return undefined;
  const names: string[] = [];
  const length = readLength(value, what, 'ST_INVALID_OPTION');
  for (let i = 0; i < length; i++) {
    const name = readProperty(value, i, what, 'ST_INVALID_OPTION');
    if (typeof name !== 'string') return undefined;
    names.push(name);
  }
  return names;
}
