import { readFileSync } from 'node:fs';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { createError } from '../errors.ts';
import { encodePrefixes, marginOf } from './prefix.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What was done to a text before its tokenizer saw it, in the version of sentence-transformers that wrote the model. */
export interface TextRules {
  /** Whitespace at both ends was removed (sentence-transformers <= 5.3). */
  readonly strip: boolean;
  /** The text was lower-cased (sentence-transformers <= 5.3 with do_lower_case). */
  readonly lowercase: boolean;
}

/** Reads a tokenizer.json, whose truncation is already the model's. `rules` come from the manifest. */
export function loadTokenizer(file: string, rules: TextRules): Tokenizer {
  const tokenizer = openTokenizer(file);
  const prepare = textPreparer(rules);
  const margin = marginOf(describe(file));
  const prefixes = prefixTokenizer(tokenizer, file);
  return {
    async encodeBatch(texts) {
      const prepared = prepare ? texts.map(prepare) : [...texts];
      try {
        const encodings = await (margin === undefined
          ? tokenizer.encodeBatch(prepared)
          : encodePrefixes(prepared, margin, prefixes));
        return encodings.map((encoding) => encoding.getIds());
      } catch (error) {
        throw createError('ST_TOKENIZER_FAILED', `The tokenizer failed: ${String(error)}`, {
          cause: error,
        });
      }
    },
  };
}

/** A second one with a limit of its own is made when a text is long. */
export function prefixTokenizer(tokenizer: HuggingFaceTokenizer, file: string) {
  let counter: HuggingFaceTokenizer | undefined;
  return {
    encode: (texts: string[]) => tokenizer.encodeBatch(texts),
    async count(text: string, most: number): Promise<number> {
      if (counter === undefined) {
        counter = openTokenizer(file);
        counter.setTruncation(most);
      }
      const [encoding] = await counter.encodeBatch([text]);
      return encoding?.getLength() ?? 0;
    },
  };
}

function openTokenizer(file: string): HuggingFaceTokenizer {
  try {
    return HuggingFaceTokenizer.fromFile(file);
  } catch (error) {
    throw createError(
      'ST_MODEL_DAMAGED',
      `${file} is no Hugging Face tokenizers file that this version reads (${String(error)}). Export the model again.`,
      { cause: error },
    );
  }
}

/** A larger file is none of the kind that a prefix is known for, and takes long to parse on this thread. */
const largestDescribed = 1 << 23;

/** What the file says of itself. It was read by the tokenizer before. */
function describe(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  return text.length > largestDescribed ? undefined : JSON.parse(text);
}

// What Python's str.strip() removes; JavaScript's trim() knows neither U+001C to U+001F nor U+0085, and takes U+FEFF.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const pythonSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Character by character: a regular expression for both ends takes the square of the length of spaces in the middle. */
function strip(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && pythonSpace.test(text.charAt(start))) start++;
  while (start < end && pythonSpace.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function textPreparer(rules: TextRules): ((text: string) => string) | undefined {
  const { lowercase } = rules;
  if (rules.strip && lowercase) return (text) => strip(text).toLowerCase();
  if (rules.strip) return strip;
  if (lowercase) return (text) => text.toLowerCase();
  return undefined;
}
