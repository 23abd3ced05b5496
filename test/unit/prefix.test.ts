import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Description } from '../../lib/tokenizer/description.ts';
import { openTokenizer, prefixTokenizer, readSource } from '../../lib/tokenizer/hugging-face.ts';
import { knownPatterns, marginOf } from '../../lib/tokenizer/kind.ts';
import { encodePrefixes, type Margin } from '../../lib/tokenizer/prefix.ts';
import { fixture, precompiledCharsmap } from '../support/fixtures.ts';

const names = [
  'families/bert',
  'families/electra',
  'families/mpnet',
  'legacy/plain',
  'legacy/lowered',
  'golden/mean',
  'families/albert',
  'families/deberta-v2',
  'families/modernbert',
  'families/qwen3',
  'families/roberta',
  'families/xlm-roberta',
];
const limit = 24;

function open(name: string, changes: (file: Description) => object = () => ({})) {
  const source = readSource(path.join(fixture(name), 'tokenizer.json'), limit);
  const changed = { ...source.description, ...changes(source.description) };
  const whole = { ...source, text: JSON.stringify(changed), description: changed };
  const margin = marginOf(changed, limit);
  if (margin === undefined) throw new Error(`${name} is of no known kind`);
  const tokenizer = openTokenizer(whole, limit);
  const prefixes = prefixTokenizer(tokenizer, whole);
  const idsOf = async (text: string) => (await tokenizer.encodeBatch([text]))[0]?.getIds();
  /** The ids by prefixes, and the lengths of all that was read for them. */
  const byPrefix = async (text: string, more: Partial<Margin> = {}) => {
    const read: number[] = [];
    const [encoding] = await encodePrefixes(
      [text],
      { ...margin, ...more },
      {
        encode(list) {
          read.push(...list.map((prefix) => prefix.length));
          return prefixes.encode(list);
        },
        count(prefix, most) {
          read.push(prefix.length);
          return prefixes.count(prefix, most);
        },
      },
    );
    return { ids: encoding?.getIds(), read };
  };
  return { margin, idsOf, byPrefix };
}

const split = (Regex: string) => ({
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    ],
  },
});
const sequence = (...normalizers: object[]) => ({ type: 'Sequence', normalizers });
const precompiled = () => ({
  type: 'Precompiled',
  precompiled_charsmap: precompiledCharsmap().toString('base64'),
});
/** Tokenizers of other kinds, on the vocabularies at hand. */
const made: [name: string, base: string, changes: (file: Description) => object][] = [
  ...[...knownPatterns]
    .filter((pattern) => pattern.includes('|'))
    .map((pattern, i): (typeof made)[number] => [
      `pattern ${i}`,
      'families/qwen3',
      () => split(pattern),
    ]),
  [
    'one word of SentencePiece',
    'families/xlm-roberta',
    () => ({
      normalizer: { type: 'NFKC' },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
    }),
  ],
  [
    'the table of SentencePiece',
    'families/xlm-roberta',
    () => ({
      normalizer: sequence(precompiled(), {
        type: 'Replace',
        pattern: { Regex: ' {2,}' },
        content: ' ',
      }),
    }),
  ],
  [
    'BPE without words',
    'families/roberta',
    () => ({
      pre_tokenizer: {
        type: 'ByteLevel',
        add_prefix_space: true,
        trim_offsets: true,
        use_regex: false,
      },
    }),
  ],
  [
    'WordPiece with case and accents',
    'families/bert',
    () => ({
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: false,
        strip_accents: false,
        lowercase: false,
      },
    }),
  ],
];

// What a cut could tear apart: words, marks that combine, added tokens, spaces, characters that the normalizer drops.
const pieces = [
  ...[
    'a',
    'the ',
    'word',
    '.',
    '. ',
    ' ',
    '\n',
    '\u3000',
    ',,,',
    'Ä',
    'e\u0301',
    '\u0301',
    '\u0338',
  ],
  ...[
    '[SEP]',
    '[MASK]',
    '[',
    'SEP',
    ']',
    '<mask>',
    '</s>',
    '<',
    '\0',
    '\u200b',
    '\ufffd',
    '中',
    '文字',
  ],
  ...['👩‍👩‍👧', '😀', 'İ', 'ß', 'ﬁ', '각', 'x'.repeat(120), '!'.repeat(9), '-', '_', '`', '\t'],
];
const texts = fc.array(fc.tuple(fc.constantFrom(...pieces), fc.integer({ min: 1, max: 30 })), {
  maxLength: 80,
  size: 'max',
});

const cases: typeof made = [
  ...names.map((name): (typeof made)[number] => [name, name, () => ({})]),
  ...made,
];
for (const [name, base, changes] of cases) {
  test(`${name}: a prefix gives the ids of the whole text`, async (t) => {
    const { idsOf, byPrefix } = open(base, changes);
    let shortened = 0;
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 300 }), async (parts, characters) => {
        const text = parts.map(([piece, times]) => piece.repeat(times)).join('');
        const { ids, read } = await byPrefix(text, { characters });
        if (Math.max(...read) < text.length) shortened++;
        t.deepEqual(ids, await idsOf(text));
      }),
      { seed: 16, numRuns: 100 },
    );
    t.true(shortened > 20, `only ${shortened} texts were shortened`);
  });
}

test('a megabyte of dots is known by its first characters', async (t) => {
  const { margin, byPrefix } = open('families/bert');
  const { ids, read } = await byPrefix('.'.repeat(1e6));
  t.deepEqual(read, [margin.characters, margin.characters]);
  t.is(ids?.length, 24);
});

test('a prefix of few tokens grows until the limit is passed', async (t) => {
  const { idsOf, byPrefix } = open('families/bert');
  const text = `${' '.repeat(5000)}${'word. '.repeat(9000)}`;
  const { ids, read } = await byPrefix(text);
  t.is(read.length, 3);
  t.true(read.every((length) => length < text.length));
  t.deepEqual(ids, await idsOf(text));
});

test('a text that no prefix of bearable length stands for is refused', async (t) => {
  const { byPrefix } = open('families/roberta');
  const text = `a${' '.repeat(2000)}b`;
  await t.throwsAsync(byPrefix(text, { characters: 4, most: 100, tokens: 3000 }), {
    code: 'ST_INVALID_INPUT',
    message: /has 2002 characters, and the tokenizer needs more than 100/,
  });
});

test('marks that combine are not torn apart, and a run of them is read whole', async (t) => {
  const { byPrefix, idsOf } = open('families/modernbert');
  const text = `a${'\u0301\u0327'.repeat(2000)}${' b'.repeat(3000)}`;
  const { ids, read } = await byPrefix(text, { characters: 900 });
  t.true(read.every((length) => length > 4001));
  t.deepEqual(ids, await idsOf(text));
});

test('a tokenizer of another kind reads whole texts', (t) => {
  const known = readSource(
    path.join(fixture('families/bert'), 'tokenizer.json'),
    limit,
  ).description;
  t.not(marginOf(known, limit), undefined);
  const others: object[] = [
    { model: { type: 'WordLevel' } },
    { model: { type: 'BPE', end_of_word_suffix: '</w>' } },
    { normalizer: { type: 'Replace', pattern: { Regex: 'a[^b]*b' }, content: '' } },
    { pre_tokenizer: { type: 'FixedLength', length: 5 } },
    { truncation: { direction: 'Left' } },
    { model: undefined },
  ];
  for (const other of others)
    t.is(marginOf({ ...known, ...other } as Description, limit), undefined);
});
