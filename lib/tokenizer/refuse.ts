import { createError } from '../errors.ts';
import { isWholeCharsmap } from './charsmap.ts';
import { type Description, flatten, type Part, patternOf } from './description.ts';
import { isSafePattern } from './pattern.ts';

/**
 * Refuses a tokenizer.json with which the tokenizer would end the process, or give a text other token ids each time. It
 * must come before the tokenizer reads the file: part of it is used at once.
 */
export function refuseUnsafe(description: Description, maxSeqLength: number, file: string): void {
  const { normalizer, pre_tokenizer, post_processor, model } = description;
  const parts = [...flatten(normalizer), ...flatten(pre_tokenizer)];
  const reason =
    first(parts, reasonOfText) ??
    first(flatten(post_processor), (part) => reasonOfTemplate(part, maxSeqLength)) ??
    reasonOfModel(model);
  if (reason === undefined) return;
  throw createError(
    'ST_MODEL_REFUSED',
    `${file} is refused: ${reason}. Use the tokenizer.json that the model's author published.`,
  );
}

function first<T>(list: readonly T[], find: (each: T) => string | undefined): string | undefined {
  for (const each of list) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** One character becomes at most so many: a text must stay of its own size. */
const longestContent = 256;

function reasonOfText(part: Part): string | undefined {
  const pattern = patternOf(part);
  if (pattern !== undefined && !isSafePattern(pattern)) {
    return `its pattern ${JSON.stringify(pattern.slice(0, 200))} can take more time than any text is worth`;
  }
  const content = part.content ?? part.prepend;
  if (typeof content === 'string' && content.length > longestContent) {
    return `its ${String(part.type)} puts in ${content.length} characters at a time`;
  }
  if (part.type === 'Precompiled' && !isWholeCharsmap(part.precompiled_charsmap)) {
    return 'its precompiled_charsmap is damaged';
  }
  if (part.type === 'FixedLength' && !(Number(part.length) >= 1)) {
    return 'its FixedLength cuts a text into pieces of no characters';
  }
  return undefined;
}

function reasonOfModel(model: Part | undefined): string | undefined {
  if (Number(model?.dropout ?? 0) === 0) return undefined;
  return 'its dropout gives a text other tokens each time';
}

interface SpecialToken {
  readonly ids?: unknown;
  readonly tokens?: unknown;
}

/** The special tokens around a text: each must be known, and all of them leave room for the text. */
function reasonOfTemplate(part: Part, maxSeqLength: number): string | undefined {
  if (part.type !== 'TemplateProcessing') return undefined;
  const known = (part.special_tokens ?? {}) as Record<string, SpecialToken>;
  let count = 0;
  for (const template of [part.single, part.pair]) {
    for (const piece of Array.isArray(template) ? template : []) {
      const { id } = ((piece as { SpecialToken?: unknown })?.SpecialToken ?? {}) as {
        id?: unknown;
      };
      if (id === undefined) continue;
      const token = Object.hasOwn(known, String(id)) ? known[String(id)] : undefined;
      const length = Array.isArray(token?.ids) ? token.ids.length : 0;
      if (length === 0 || !Array.isArray(token?.tokens) || token.tokens.length !== length) {
        return `its template names ${JSON.stringify(id)}, which is not among its special_tokens`;
      }
      if (template === part.single) count += length;
    }
  }
  if (count <= maxSeqLength) return undefined;
  return `its template puts ${count} special tokens around a text, and the model takes ${maxSeqLength} tokens in all`;
}
