/**
 * Token ids of a text that is cut at the model's limit, from its first characters alone. A megabyte of text costs a second of a
 * tokenizer and gives the same ids as its first kilobytes.
 *
 * Known for one kind of tokenizer, that of the BERT family: WordPiece on words that white space and punctuation divide. There
 * a cut behind an ASCII space or punctuation mark changes no token before it, except that of an added token that lies across the
 * cut. So a prefix is enough if it has a margin of tokens beyond the limit, more than an added token can hold.
 */

/** The tokenizer's two functions that matter here. */
export interface PrefixTokenizer<T> {
  /** As the model needs them: cut at the limit. */
  encode(texts: string[]): Promise<T[]>;
  /** How many tokens a text has, special ones included, if they are fewer than `most`; else `most`. */
  count(text: string, most: number): Promise<number>;
}

/** What matters here of a tokenizer.json. */
interface Described {
  readonly model?: { readonly type?: unknown };
  readonly pre_tokenizer?: { readonly type?: unknown } | null;
  readonly normalizer?: { readonly type?: unknown } | null;
  readonly truncation?: {
    readonly direction?: unknown;
    readonly stride?: unknown;
    readonly max_length?: unknown;
  } | null;
  readonly added_tokens?: readonly { readonly content?: unknown; readonly rstrip?: unknown }[];
}

/** Characters that a prefix starts with, per token of the limit: enough for most texts in most languages. */
const charactersPerToken = 16;
const fewestCharacters = 2048;
/** One character becomes at most so many tokens. */
const tokensPerCharacter = 4;

/** How far a prefix has to reach. */
export interface Margin {
  /** Tokens that are surely enough. */
  readonly tokens: number;
  /** Characters of the first prefix. */
  readonly characters: number;
}

/** The margin for the tokenizer that a tokenizer.json describes; undefined if it is of no known kind. */
export function marginOf(description: unknown): Margin | undefined {
  const { model, pre_tokenizer, normalizer, truncation, added_tokens } = (description ??
    {}) as Described;
  const isKnown =
    model?.type === 'WordPiece' &&
    pre_tokenizer?.type === 'BertPreTokenizer' &&
    (normalizer === null || normalizer === undefined || normalizer.type === 'BertNormalizer') &&
    truncation?.direction === 'Right' &&
    truncation.stride === 0 &&
    typeof truncation.max_length === 'number';
  if (!isKnown) return undefined;
  const longest = Math.max(1, ...(added_tokens ?? []).map(({ content }) => String(content).length));
  const limit = Number(truncation?.max_length);
  return {
    tokens: limit + longest * tokensPerCharacter,
    characters: Math.max(fewestCharacters, charactersPerToken * limit),
  };
}

/** What `encode` gives for the whole texts, from as little of each as is enough. */
export async function encodePrefixes<T>(
  texts: readonly string[],
  margin: Margin,
  tokenizer: PrefixTokenizer<T>,
): Promise<T[]> {
  const prefixes: string[] = [];
  for (const text of texts) prefixes.push(await enoughOf(text, margin, tokenizer));
  return tokenizer.encode(prefixes);
}

async function enoughOf<T>(
  text: string,
  { tokens, characters }: Margin,
  tokenizer: PrefixTokenizer<T>,
): Promise<string> {
  for (let most = characters; ; most *= 4) {
    const prefix = prefixOf(text, most);
    if (prefix.length === text.length) return text;
    if ((await tokenizer.count(prefix, tokens)) >= tokens) return prefix;
  }
}

/** White space and punctuation of ASCII, as BertPreTokenizer sees them: symbols such as `<` count as punctuation. */
const divides = /[\t\n\r !-/:-@[-`{-~]/;

/** The text up to the last place near `characters` at which it may be cut; the whole if there is none before. */
function prefixOf(text: string, characters: number): string {
  if (text.length <= characters) return text;
  for (let end = characters; end > 0; end--) {
    if (divides.test(text.charAt(end - 1))) return text.slice(0, end);
  }
  return text;
}
