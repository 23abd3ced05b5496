import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isWholeCharsmap } from '../../lib/tokenizer/charsmap.ts';
import { loadTokenizer } from '../../lib/tokenizer/hugging-face.ts';
import { knownPatterns } from '../../lib/tokenizer/kind.ts';
import { isSafePattern } from '../../lib/tokenizer/pattern.ts';
import { fixture, precompiledCharsmap } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';
import { tempDir } from '../support/temp.ts';

const limit = 24;
const fileOf = (name: string) => path.join(fixture(name), 'tokenizer.json');

type Changed = Record<string, Record<string, unknown> & { vocab?: unknown }>;

/** Loads a tokenizer.json of the fixtures with something in it changed. */
function changed(t: ExecutionContext, name: string, change: (file: Changed) => void) {
  const file = JSON.parse(readFileSync(fileOf(name), 'utf8')) as Changed;
  change(file);
  const target = path.join(tempDir(t), 'tokenizer.json');
  writeFileSync(target, JSON.stringify(file));
  return loadTokenizer(target, limit);
}

test('white space at the ends and case are left to the tokenizer', async (t) => {
  const tokenizer = loadTokenizer(fileOf('families/roberta'), limit); // byte-level: it keeps every character
  const [spaced, bare, upper] = await tokenizer.encodeBatch([' a', 'a', 'A']);
  t.notDeepEqual(spaced, bare);
  t.notDeepEqual(upper, bare);
});

test('a file that is no tokenizer is a damaged model', (t) => {
  const code = 'ST_MODEL_DAMAGED';
  t.throws(() => loadTokenizer(fixture('golden/texts.json'), limit), { code });
  for (const text of [
    '',
    'null',
    '3',
    '{',
    '{}',
    '[]',
    '{"model": 3}',
    '{"model": {"type": "BPE"}}',
  ]) {
    const file = path.join(tempDir(t), 'tokenizer.json');
    writeFileSync(file, text);
    t.throws(() => loadTokenizer(file, limit), { code }, text);
  }
});

test('the limit is the one of the model, and nothing is padded, whatever the file says', async (t) => {
  const pad = { pad_id: 0, pad_type_id: 0, pad_token: '[PAD]', direction: 'Right' };
  const plain = loadTokenizer(fileOf('families/bert'), limit);
  const texts = ['a text', 'word '.repeat(100), ''];
  const expected = await plain.encodeBatch(texts);
  const truncation = (file: Changed) => file.truncation as Record<string, unknown>;
  for (const change of [
    (file: Changed) => Object.assign(truncation(file), { stride: 24 }),
    (file: Changed) => Object.assign(truncation(file), { max_length: 0 }),
    (file: Changed) => Object.assign(truncation(file), { max_length: 9, stride: 7 }),
    (file: Changed) => Object.assign(file, { truncation: null }),
    (file: Changed) => {
      Object.assign(file, {
        padding: { ...pad, strategy: { Fixed: 3e8 }, pad_to_multiple_of: null },
      });
    },
    (file: Changed) => {
      Object.assign(file, {
        padding: { ...pad, strategy: 'BatchLongest', pad_to_multiple_of: 3e8 },
      });
    },
  ]) {
    t.deepEqual(await changed(t, 'families/bert', change).encodeBatch(texts), expected);
  }
});

const charsmap = (...words: number[]) => {
  const bytes = Buffer.alloc(4 * words.length);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word, 4 * i);
  return bytes.toString('base64');
};
const normalizer = (normalizer: object) => (file: Changed) =>
  void Object.assign(file, { normalizer });
const bert = 'families/bert';
const unigram = 'families/xlm-roberta';

const refused: [what: string, base: string, change: (file: Changed) => void, message: RegExp][] = [
  [
    'an empty charsmap',
    unigram,
    normalizer({ type: 'Precompiled', precompiled_charsmap: '' }),
    /precompiled_charsmap/,
  ],
  [
    'a charsmap that is cut',
    unigram,
    normalizer({ type: 'Precompiled', precompiled_charsmap: 'AAAA' }),
    /charsmap/,
  ],
  [
    'a charsmap that leads out of itself',
    unigram,
    normalizer({
      type: 'Sequence',
      normalizers: [
        { type: 'Precompiled', precompiled_charsmap: charsmap(8, 0xffffffff, 0x04030201, 0) },
      ],
    }),
    /charsmap/,
  ],
  [
    'a charsmap that is no text',
    unigram,
    normalizer({ type: 'Precompiled', precompiled_charsmap: 3 }),
    /charsmap/,
  ],
  [
    'a pattern without end',
    unigram,
    normalizer({ type: 'Replace', pattern: { Regex: '(a+)+b' }, content: ' ' }),
    /its pattern "\(a\+\)\+b"/,
  ],
  [
    'a pattern without end among others',
    unigram,
    (file) => {
      const split = {
        type: 'Split',
        pattern: { Regex: '(x+x+)+y' },
        behavior: 'Isolated',
        invert: false,
      };
      file.pre_tokenizer = { type: 'Sequence', pretokenizers: [split] };
    },
    /more time/,
  ],
  [
    'a replacement of a million characters',
    unigram,
    normalizer({ type: 'Replace', pattern: { String: 'e' }, content: 'e'.repeat(1e6) }),
    /puts in 1000000 characters/,
  ],
  [
    'pieces of no characters',
    unigram,
    (file) => void Object.assign(file, { pre_tokenizer: { type: 'FixedLength', length: 0 } }),
    /FixedLength/,
  ],
  [
    'a template without its tokens',
    bert,
    (file) => void Object.assign(file.post_processor as object, { special_tokens: {} }),
    /not among/,
  ],
  [
    'more special tokens than the model takes',
    bert,
    (file) => {
      const known = (file.post_processor as Changed).special_tokens as Record<string, object>;
      for (const token of Object.values(known)) {
        Object.assign(token, { ids: new Array(13).fill(3), tokens: new Array(13).fill('x') });
      }
    },
    /26 special tokens around a text/,
  ],
  [
    'dropout',
    'families/roberta',
    (file) => void Object.assign(file.model as object, { dropout: 0.5 }),
    /dropout/,
  ],
];
for (const [what, base, change, message] of refused) {
  test(`${what} is refused before the tokenizer sees it`, (t) => {
    t.throws(() => changed(t, base, change), { code: 'ST_MODEL_REFUSED', message });
  });
}

test('patterns whose retries grow as the text does are taken', (t) => {
  for (const pattern of knownPatterns) t.true(isSafePattern(pattern), pattern);
  for (const pattern of [
    'a',
    '',
    'a|b',
    '[^]a]+b',
    'a{2,3}(?:bc)?',
    '(?<=x)y',
    '\\p{L}+x',
    'a*b*',
    '(ab){2}',
    '[[a-z]&&[^b]]+',
    'x++',
    'a+?b',
    '(?<name>a+)b',
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+',
  ]) {
    t.true(isSafePattern(pattern), pattern);
  }
});

test('patterns whose retries grow faster are not', (t) => {
  for (const pattern of [
    '(a+)+',
    '(a*)*b',
    '(a|a+)+b',
    '(x+x+)+y',
    'a+a+b',
    'a*a*b',
    '(a{1,99}){1,99}b',
    '(?:(?:a+)?){9}b',
    '(a+)b+c',
    '(a)\\1',
    '(?(1)a|b)',
    '\\k<x>',
    '\\g<0>',
    '(?~ab)',
    '(',
    ')',
    '[',
    'a)',
    '.*.*=.*x',
  ]) {
    t.false(isSafePattern(pattern), pattern);
  }
});

test('the normalization table of SentencePiece is whole, and no longer so where it is broken', (t) => {
  const table = precompiledCharsmap();
  const units = table.readUInt32LE(0) / 4;
  t.true(isWholeCharsmap(table.toString('base64')));
  const broken = (change: (copy: Buffer) => unknown) => {
    const copy = Buffer.from(table);
    const result = change(copy);
    return isWholeCharsmap((result instanceof Buffer ? result : copy).toString('base64'));
  };
  t.false(broken((copy) => copy.subarray(0, 4 * units - 256)));
  t.false(broken((copy) => copy.writeUInt32LE(4 * units + 1)));
  t.false(
    broken((copy) => copy.writeUInt32LE(0xfffffd00, 4)),
    'a root that leads away',
  );
  t.false(
    broken((copy) => copy.subarray(0, copy.length >> 1)),
    'replacements that are missing',
  );
  t.false(
    broken((copy) => copy.writeUInt8(0xff, 4 + 4 * units)),
    'replacements that are no UTF-8',
  );
});

const countThreads = `
  import { readdirSync } from 'node:fs';
  import { readFile } from 'node:fs/promises';
  import { loadTokenizer } from './lib/tokenizer/hugging-face.ts';
  const file = process.env.TOKENIZER_FILE;
  const tokenizer = loadTokenizer(file, 24);
  await readFile(file); // Node starts its own on first use
  const threads = () => readdirSync('/proc/self/task').length;
  const before = threads();
  await tokenizer.encodeBatch(Array.from({ length: 300 }, (_, i) => 'text ' + i));
  console.log(threads() - before);
`;

test('texts are tokenized on the threads that Node has', async (t) => {
  if (process.platform !== 'linux') return t.pass('threads are counted on Linux');
  // In a process of its own: other tests here use what starts threads.
  const args = ['--import=tsx', '--input-type=module', '--eval', countThreads];
  const { stdout, stderr } = await runNode(args, { env: { TOKENIZER_FILE: fileOf(bert) } });
  t.is(stdout.trim(), '0', stderr);
});
