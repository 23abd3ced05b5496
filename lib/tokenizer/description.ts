/** What a tokenizer.json says of itself, as far as it is read here. Nothing of it is trusted: fields may be missing or odd. */
export interface Description {
  readonly model?: Part;
  readonly normalizer?: Part | null;
  readonly pre_tokenizer?: Part | null;
  readonly post_processor?: Part | null;
  readonly truncation?: { readonly direction?: unknown } | null;
  readonly added_tokens?: unknown;
}

/** One part of a tokenizer: its type, and whatever that has. */
export interface Part {
  readonly type?: unknown;
  readonly [field: string]: unknown;
}

/** The part itself, or those of a sequence, in order. */
export function flatten(part: Part | null | undefined): Part[] {
  if (typeof part !== 'object' || part === null) return [];
  if (part.type !== 'Sequence') return [part];
  const inner = part.normalizers ?? part.pretokenizers ?? part.processors;
  return Array.isArray(inner) ? inner.flatMap((each) => flatten(each as Part)) : [];
}

/** The regular expression that a part looks for, if it looks for one. */
export function patternOf(part: Part): string | undefined {
  const { Regex } = (part.pattern ?? {}) as { Regex?: unknown };
  return typeof Regex === 'string' ? Regex : undefined;
}
