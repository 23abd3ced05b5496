import { type Description, flatten, type Part, patternOf } from './description.ts';
import { type Margin, mostCharacters } from './prefix.ts';

/**
 * The kinds of tokenizers that read a text from left to right without looking far ahead: a cut changes the tokens shortly
 * before it and none of the others. How far "shortly" is differs:
 *
 * - WordPiece: the last word, which is one token if it is long.
 * - BPE: a merge waits for one behind it only if that comes first, so a chain of them ends soon; the last few tokens.
 * - Unigram: the best way through a text goes through the best way to one of its last characters; the last few tokens.
 *
 * Normalizers and pre-tokenizers of these kinds look at characters, words or runs of white space. Patterns are known by their
 * text: what another one looks for, nobody can say.
 */

const normalizers = new Set<unknown>([
  ...['BertNormalizer', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Nmt', 'Strip'],
  ...['Precompiled', 'Prepend', 'ByteLevel', 'Replace'],
]);
const preTokenizers = new Set<unknown>([
  ...['BertPreTokenizer', 'ByteLevel', 'Metaspace', 'Whitespace', 'WhitespaceSplit'],
  ...['Punctuation', 'Digits', 'UnicodeScripts', 'CharDelimiterSplit', 'Split'],
]);

/** Patterns of GPT-2, GPT-4 (also Llama 3 and Qwen 2), GPT-4o, CLIP, DeBERTa and others. */
export const knownPatterns: ReadonlySet<string> = new Set([
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
  '\\s{2,}|[\\n\\r\\t]',
  '\\s+',
  ' {2,}',
  '\\s',
  '[\\n\\r\\t]',
]);

/** Tokens that a cut may change, besides those of an added token that lies across it. */
const changed = 128;
/** One character becomes at most so many tokens: its bytes. */
const tokensPerCharacter = 4;
/** Characters that a prefix starts with, per token of the limit: enough for most texts in most languages. */
const charactersPerToken = 16;
const fewestCharacters = 2048;
/** A word of any length is one unknown token to it, for which it needs little. */
const mostOfWordPiece = 1 << 24;

/** How far a prefix has to reach for this tokenizer; undefined if it is of no known kind. */
export function marginOf(description: Description, maxSeqLength: number): Margin | undefined {
  const tokens = tokensOfModel(description.model);
  const isKnown =
    tokens !== undefined &&
    flatten(description.normalizer).every((part) => isLocal(part, normalizers)) &&
    flatten(description.pre_tokenizer).every((part) => isLocal(part, preTokenizers)) &&
    (description.truncation?.direction ?? 'Right') === 'Right';
  if (!isKnown) return undefined;
  const longest = Math.max(1, ...addedTokens(description).map((content) => content.length));
  return {
    tokens: maxSeqLength + tokens + longest * tokensPerCharacter,
    characters: Math.max(fewestCharacters, charactersPerToken * maxSeqLength),
    most: description.model?.type === 'WordPiece' ? mostOfWordPiece : mostCharacters,
  };
}

function tokensOfModel(model: Part | undefined): number | undefined {
  if (model?.type === 'WordPiece') return changed + Number(model.max_input_chars_per_word ?? 100);
  if (model?.type === 'Unigram') return changed;
  // With a suffix, the end of a text is spelled otherwise than its middle.
  return model?.type === 'BPE' && !model.end_of_word_suffix ? changed : undefined;
}

function isLocal(part: Part, known: ReadonlySet<unknown>): boolean {
  const pattern = patternOf(part);
  return known.has(part.type) && (pattern === undefined || knownPatterns.has(pattern));
}

function addedTokens({ added_tokens }: Description): string[] {
  if (!Array.isArray(added_tokens)) return [];
  return added_tokens.map((token) => String((token as { content?: unknown } | null)?.content));
}
