import { readFileSync } from 'node:fs';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { createError, SentenceTorchError } from '../errors.ts';
import type { Description } from './description.ts';
import { marginOf } from './kind.ts';
import { encodePrefixes } from './prefix.ts';
import { refuseUnsafe } from './refuse.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Reads a tokenizer.json. Whatever it says of them, texts are cut at `maxSeqLength` tokens and not padded. */
export function loadTokenizer(file: string, maxSeqLength: number): Tokenizer {
  const source = readSource(file, maxSeqLength);
  const tokenizer = openTokenizer(source, maxSeqLength);
  const margin = marginOf(source.description, maxSeqLength);
  const prefixes = prefixTokenizer(tokenizer, source);
  return {
    async encodeBatch(texts) {
      try {
        const encodings = await encodePrefixes(texts, margin, prefixes);
        return encodings.map((encoding) => encoding.getIds());
      } catch (error) {
        if (error instanceof SentenceTorchError) throw error;
        throw createError('ST_TOKENIZER_FAILED', `The tokenizer failed: ${String(error)}`, {
          cause: error,
        });
      }
    },
  };
}

/** A tokenizer.json that has been looked at. */
export interface TokenizerSource {
  readonly file: string;
  readonly text: string;
  readonly description: Description;
}

/** @throws ST_MODEL_DAMAGED for what is not JSON, ST_MODEL_REFUSED for what would end the process */
export function readSource(file: string, maxSeqLength: number): TokenizerSource {
  const text = readFileSync(file, 'utf8');
  let description: unknown;
  try {
    description = JSON.parse(text);
  } catch (error) {
    throw damaged(file, error);
  }
  if (typeof description !== 'object' || description === null) throw damaged(file, 'no object');
  refuseUnsafe(description, maxSeqLength, file);
  return { file, text, description };
}

/** A second one with a limit of its own is made when a text is long. */
export function prefixTokenizer(tokenizer: HuggingFaceTokenizer, source: TokenizerSource) {
  let counter: HuggingFaceTokenizer | undefined;
  return {
    encode: (texts: string[]) => encodeEach(tokenizer, texts),
    async count(text: string, most: number): Promise<number> {
      counter ??= openTokenizer(source, most);
      return (await counter.encode(text)).getLength();
    },
  };
}

/**
 * Not by encodeBatch(): that starts a thread for each core, beside those of libuv which do the work here. Where a process may have
 * no more threads, it ends the process.
 */
function encodeEach(tokenizer: HuggingFaceTokenizer, texts: readonly string[]) {
  return Promise.all(texts.map((text) => tokenizer.encode(text)));
}

export function openTokenizer(source: TokenizerSource, maxSeqLength: number): HuggingFaceTokenizer {
  try {
    const tokenizer = HuggingFaceTokenizer.fromString(source.text);
    const isLeft = source.description.truncation?.direction === 'Left';
    tokenizer.setTruncation(maxSeqLength, {
      direction: isLeft ? 'left' : 'right',
      stride: 0,
    });
    tokenizer.disablePadding();
    return tokenizer;
  } catch (error) {
    throw damaged(source.file, error);
  }
}

function damaged(file: string, cause: unknown): SentenceTorchError {
  return createError(
    'ST_MODEL_DAMAGED',
    `${file} is no Hugging Face tokenizers file that this version reads (${String(cause)}). Export the model again.`,
    { cause },
  );
}
