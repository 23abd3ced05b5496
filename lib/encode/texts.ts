import { createError } from '../errors.ts';
import { isArray, show } from '../util/check.ts';
import { readLength, readProperty } from '../util/read.ts';

/**
 * The texts of a call, copied and checked: what was checked is what is encoded, whatever the caller's array does later. The
 * error names the first text that is not a string that Unicode allows.
 */
export function copyTexts(texts: unknown): string[] {
  if (typeof texts === 'string') {
    checkText(texts, undefined);
    return [texts];
  }
  if (!isArray(texts)) {
    throw createError(
      'ST_INVALID_INPUT',
      `encode() was given ${show(texts)}. Give a string, or an array of strings.`,
    );
  }
  // By index: an iterator could give something else, and forEach would skip the holes of a sparse array.
  const copy: string[] = [];
  const length = readLength(texts, 'The texts');
  for (let i = 0; i < length; i++) {
    const text = readProperty(texts, i, 'The texts');
    checkText(text, i);
    copy.push(text);
  }
  return copy;
}

/** Checks one text; `index` is its place in a list. */
export function checkText(text: unknown, index: number | undefined): asserts text is string {
  const where = index === undefined ? 'The text' : `The text at index ${index}`;
  if (typeof text !== 'string') {
    throw createError(
      'ST_INVALID_INPUT',
      `${where} is ${show(text)}. Every text must be a string.`,
    );
  }
  // Python's tokenizers raise here too: a lone surrogate has no UTF-8 form.
  if (!text.isWellFormed()) {
    throw createError(
      'ST_INVALID_INPUT',
      `${where} holds a lone surrogate (half of a character, often from cutting a string in the middle of an emoji). ` +
        'Repair it with text.toWellFormed().',
    );
  }
}

/** Checks that `texts` can be read one by one. A string can, but by characters: that is never meant. */
export function checkIterable(
  texts: unknown,
): asserts texts is Iterable<unknown> | AsyncIterable<unknown> {
  if (!isIterable(texts)) {
    throw createError(
      'ST_INVALID_INPUT',
      `encodeStream() was given ${show(texts)}. Give an iterable or async iterable of strings.`,
    );
  }
}

function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = value as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    >;
    return typeof (later ?? now) === 'function';
  } catch {
    return false; // a proxy or getter that throws
  }
}
