import { createError } from '../errors.ts';

/**
 * Token ids of a text that is cut at the model's limit, from its first characters alone. A megabyte of text costs a second of a
 * tokenizer and gives the same ids as its first kilobytes.
 */

/** The tokenizer's two functions that matter here. */
export interface PrefixTokenizer<T> {
  /** As the model needs them: cut at the limit. */
  encode(texts: string[]): Promise<T[]>;
  /** How many tokens a text has, special ones included, if they are fewer than `most`; else `most`. */
  count(text: string, most: number): Promise<number>;
}

/** How far a prefix has to reach. */
export interface Margin {
  /** A prefix of so many tokens is surely enough: the limit, and those that a cut behind them may change. */
  readonly tokens: number;
  /** Characters of the first prefix. */
  readonly characters: number;
  /** Characters that the tokenizer is given at most. */
  readonly most: number;
}

/** Characters that a tokenizer is given at most, if nothing is known of it: they take some 300 MB and seconds. */
export const mostCharacters = 1 << 20;

/**
 * What `encode` gives for the whole texts, from as little of each as is enough. Without a margin nothing less than the whole
 * is.
 *
 * @throws ST_INVALID_INPUT for a text of which the most that may be read is not enough
 */
export async function encodePrefixes<T>(
  texts: readonly string[],
  margin: Margin | undefined,
  tokenizer: PrefixTokenizer<T>,
): Promise<T[]> {
  const prefixes: string[] = [];
  for (const text of texts) {
    prefixes.push(
      margin ? await enoughOf(text, margin, tokenizer) : checkLength(text, mostCharacters),
    );
  }
  return tokenizer.encode(prefixes);
}

async function enoughOf<T>(
  text: string,
  { tokens, characters, most }: Margin,
  tokenizer: PrefixTokenizer<T>,
): Promise<string> {
  for (let length = Math.min(characters, most); length < text.length; length *= 4) {
    const prefix = prefixOf(text, Math.min(length, most));
    if ((await tokenizer.count(prefix, tokens)) >= tokens) return prefix;
    if (length >= most) break;
  }
  return checkLength(text, most);
}

function checkLength(text: string, most: number): string {
  if (text.length <= most) return text;
  throw createError(
    'ST_INVALID_INPUT',
    `A text has ${text.length} characters, and the tokenizer needs more than ${most} of them to fill the model's ` +
      'limit of tokens: it is nearly all white space, or one word. Shorten it.',
  );
}

/** What joins the character before it: a cut there would change how both are normalized. */
const joins = /^(?:\p{M}|[\u200c\u1160-\u11ff]|\u200d)/u;
const mostJoined = 1024;

/** About so many characters of the text, cut between two that stand for themselves. */
function prefixOf(text: string, characters: number): string {
  for (let end = characters; end > Math.max(1, characters - mostJoined); end--) {
    if (isHighSurrogate(text.charCodeAt(end - 1)) || joins.test(text.slice(end, end + 2))) continue;
    return text.slice(0, end);
  }
  return text;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
