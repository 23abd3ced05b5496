import { createError } from '../errors.ts';

/** Checks of single options: each throws a coded error that names the option, the value and what is allowed. */

/** A copy of the options, in which every value was read once; it has no other names than `names`. */
export function checkNames<T extends object>(
  options: unknown,
  names: Record<keyof T, true>,
  caller: string,
): T {
  if (typeof options !== 'object' || options === null || isArray(options)) {
    throw createError(
      'ST_INVALID_OPTION',
      `The options of ${caller} are ${show(options)}. Give an object, such as { ${Object.keys(names)[0]}: ... }.`,
    );
  }
  const copy = readAll(options, caller);
  for (const name of Object.keys(copy)) {
    if (!Object.hasOwn(names, name)) {
      throw createError(
        'ST_UNKNOWN_OPTION',
        `${caller} has no option ${show(name)}. It has: ${Object.keys(names).join(', ')}.`,
      );
    }
  }
  return copy as T;
}

/** The options' own values. Getters and proxies run code of the caller's, which may throw. */
function readAll(options: object, caller: string): Record<string, unknown> {
  try {
    return { ...options };
  } catch (error) {
    throw createError(
      'ST_INVALID_OPTION',
      `The options of ${caller} threw an error when they were read (see cause). Give a plain object.`,
      { cause: error },
    );
  }
}

/** Whether it is an array; a revoked proxy is nothing, and Array.isArray() throws for it. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** A whole number from 1 to `max`, or undefined if it was left out. */
export function positiveInteger<T extends object>(
  options: T,
  name: keyof T & string,
  max: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = ofType(options, name, 'number', 'a whole number');
  if (value !== undefined && (!Number.isSafeInteger(value) || value < 1 || value > max)) {
    const range = max === Number.MAX_SAFE_INTEGER ? 'of at least 1' : `from 1 to ${max}`;
    throw createError(
      'ST_INVALID_OPTION',
      `${name} is ${show(value)}. Give a whole number ${range}.`,
    );
  }
  return value;
}

/** A string that has a UTF-8 form. */
export function wellFormed<T extends object>(
  options: T,
  name: keyof T & string,
): string | undefined {
  const value = ofType(options, name, 'string');
  if (value?.isWellFormed() === false) {
    throw createError(
      'ST_INVALID_OPTION',
      `${name} holds a lone surrogate (half of a character). Repair it with toWellFormed().`,
    );
  }
  return value;
}

interface Types {
  boolean: boolean;
  number: number;
  string: string;
}

/** A value of the type, or undefined if it was left out. */
export function ofType<T extends object, K extends keyof Types>(
  options: T,
  name: keyof T & string,
  type: K,
  wanted = `a ${type}`,
): Types[K] | undefined {
  const value: unknown = options[name];
  if (value === undefined) return undefined;
  if (typeof value !== type) {
    throw createError('ST_INVALID_OPTION', `${name} is ${show(value)}. Give ${wanted}.`);
  }
  return value as Types[K];
}

/** A number of milliseconds, fractions allowed. */
export function milliseconds<T extends object>(
  options: T,
  name: keyof T & string,
): number | undefined {
  const value = ofType(options, name, 'number', 'a number of milliseconds');
  if (value !== undefined && !(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw createError(
      'ST_INVALID_OPTION',
      `${name} is ${show(value)}. Give a number of milliseconds, 0 or more.`,
    );
  }
  return value;
}

/** Checks an AbortSignal that may be left out. */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined || isAbortSignal(value)) return value;
  throw createError(
    'ST_INVALID_OPTION',
    `signal is ${show(value)}. Give the signal of an AbortController.`,
  );
}

/** By its shape, as Node does: signals of another realm, as test runners have them, are no less signals. */
function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const { aborted, addEventListener } = value as AbortSignal;
    return typeof aborted === 'boolean' && typeof addEventListener === 'function';
  } catch {
    return false; // a proxy or getter that throws
  }
}

/** A value as a message shows it: short, and safe for any value. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(shorten(value));
    case 'function':
      return 'a function';
    case 'bigint':
      return isSmall(value) ? `${value}n` : 'a large BigInt'; // which would take minutes to write down
    case 'object':
      if (value === null) return 'null';
      return isArray(value) ? 'an array' : 'an object';
    default:
      return shorten(String(value));
  }
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function isSmall(value: bigint): boolean {
  return value > -(2n ** 64n) && value < 2n ** 64n;
}
