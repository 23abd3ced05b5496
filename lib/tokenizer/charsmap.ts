/**
 * Whether the `precompiled_charsmap` of a SentencePiece normalizer is whole. The tokenizer follows its offsets unchecked, and
 * one that leads out of it ends the process.
 *
 * It holds, in base64: the bytes of a trie (32 bits), the trie as a double array of 32-bit units, and the replacements as one
 * text in which each ends with a NUL. A unit has 8 bits of label, an offset to its children, and says whether the first of these
 * is a leaf: the place of a replacement.
 */
export function isWholeCharsmap(base64: unknown): boolean {
  if (typeof base64 !== 'string') return false;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < 8) return false;
  const trieBytes = bytes.readUInt32LE(0);
  if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) return false;
  const units = Array.from({ length: trieBytes / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  return leadsNowhereElse(Uint32Array.from(units), bytes.subarray(4 + trieBytes));
}

/** Follows every way through the trie. */
function leadsNowhereElse(units: Uint32Array, replacements: Buffer): boolean {
  if (!isUtf8(replacements)) return false;
  const seen = new Uint8Array(units.length);
  const bases = [offsetOf(units[0] as number)];
  for (let base = bases.pop(); base !== undefined; base = bases.pop()) {
    if ((base | 255) >= units.length) return false; // any byte of a text may come next
    if (seen[base]) continue;
    seen[base] = 1;
    for (let byte = 1; byte < 256; byte++) {
      const at = base ^ byte;
      const unit = units[at] as number;
      if ((unit & 0x800000ff) >>> 0 !== byte) continue;
      const children = (at ^ offsetOf(unit)) >>> 0;
      if (hasLeaf(unit) && !isPlaceIn(replacements, leafOf(units, children))) return false;
      bases.push(children);
    }
  }
  return true;
}

const offsetOf = (unit: number): number => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
const hasLeaf = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
const leafOf = (units: Uint32Array, at: number): number => (units[at] ?? 0xffffffff) & 0x7fffffff;

/** Whether a replacement may start there: not in the middle of a character. */
function isPlaceIn(replacements: Buffer, place: number): boolean {
  return place < replacements.length && ((replacements[place] as number) & 0xc0) !== 0x80;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
