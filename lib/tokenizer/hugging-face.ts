import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { createError } from '../errors.ts';
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
  return {
    async encodeBatch(texts) {
      try {
        const encodings = await tokenizer.encodeBatch(prepare ? texts.map(prepare) : [...texts]);
        return encodings.map((encoding) => encoding.getIds());
      } catch (error) {
        throw createError('ST_TOKENIZER_FAILED', `The tokenizer failed: ${String(error)}`, {
          cause: error,
        });
      }
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

// What Python's str.strip() removes; JavaScript's trim() knows neither U+001C to U+001F nor U+0085, and takes U+FEFF.
const pythonSpace =
  '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const endSpace = new RegExp(`^${pythonSpace}|${pythonSpace}$`, 'g');

function textPreparer({ strip, lowercase }: TextRules): ((text: string) => string) | undefined {
  if (strip && lowercase) return (text) => text.replace(endSpace, '').toLowerCase();
  if (strip) return (text) => text.replace(endSpace, '');
  if (lowercase) return (text) => text.toLowerCase();
  return undefined;
}
