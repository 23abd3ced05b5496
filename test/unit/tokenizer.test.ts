import path from 'node:path';
import test from 'ava';
import { loadTokenizer } from '../../lib/tokenizer/hugging-face.ts';
import { fixture } from '../support/fixtures.ts';

// Byte-level: it keeps every character, whitespace too.
const file = path.join(fixture('families/roberta'), 'tokenizer.json');
const plain = loadTokenizer(file, { strip: false, lowercase: false });

// string.whitespace of Python's str.strip(), by code point.
const pythonSpace = [
  9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
  0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
];

test('strip removes what Python removes, at both ends only', async (t) => {
  const strip = loadTokenizer(file, { strip: true, lowercase: false });
  const [bare] = await plain.encodeBatch(['a b']);
  for (const code of pythonSpace) {
    const space = String.fromCodePoint(code);
    const [stripped] = await strip.encodeBatch([`${space}${space}a b${space}`]);
    t.deepEqual(stripped, bare, `U+${code.toString(16)}`);
  }
});

test('strip keeps what only JavaScript takes for space', async (t) => {
  const strip = loadTokenizer(file, { strip: true, lowercase: false });
  t.deepEqual(await strip.encodeBatch(['\ufeffa']), await plain.encodeBatch(['\ufeffa']));
});

test('lowercase lowers before the tokenizer looks for special tokens', async (t) => {
  const lower = loadTokenizer(file, { strip: false, lowercase: true });
  t.deepEqual(await lower.encodeBatch(['A B']), await plain.encodeBatch(['a b']));
});

test('without rules the text is left as it is', async (t) => {
  t.notDeepEqual(await plain.encodeBatch([' a']), await plain.encodeBatch(['a']));
});

test('a file that is no tokenizer is a damaged model', (t) => {
  t.throws(() => loadTokenizer(fixture('golden/texts.json'), { strip: false, lowercase: false }), {
    code: 'ST_MODEL_DAMAGED',
  });
});

test('spaces in the middle of a text take no more time than their number', async (t) => {
  t.timeout(10_000); // they took the square of it, on the main thread
  const tokenizer = loadTokenizer(path.join(fixture('legacy/plain'), 'tokenizer.json'), {
    strip: true,
    lowercase: false,
  });
  const text = `a${' '.repeat(300_000)}b`;
  const [padded, plain] = await tokenizer.encodeBatch([`\u2003${text}\x1c`, text]);
  t.deepEqual(padded, plain);
});
