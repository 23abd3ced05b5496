import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { Tokenizer } from 'tokenizers';
import { prefixTokenizer } from '../../lib/tokenizer/hugging-face.ts';
import { encodePrefixes, type Margin, marginOf } from '../../lib/tokenizer/prefix.ts';
import { fixture } from '../support/fixtures.ts';

const names = [
  'families/bert',
  'families/electra',
  'families/mpnet',
  'legacy/plain',
  'golden/mean',
];

function open(name: string) {
  const file = path.join(fixture(name), 'tokenizer.json');
  const margin = marginOf(JSON.parse(readFileSync(file, 'utf8')));
  if (margin === undefined) throw new Error(`${name} is of no known kind`);
  const tokenizer = Tokenizer.fromFile(file);
  const prefixes = prefixTokenizer(tokenizer, file);
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
const texts = fc.array(fc.tuple(fc.constantFrom(...pieces), fc.integer({ min: 1, max: 12 })), {
  maxLength: 60,
});

for (const name of names) {
  test(`${name}: a prefix gives the ids of the whole text`, async (t) => {
    const { idsOf, byPrefix } = open(name);
    let shortened = 0;
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 300 }), async (parts, characters) => {
        const text = parts.map(([piece, times]) => piece.repeat(times)).join('');
        const { ids, read } = await byPrefix(text, { characters });
        if (Math.max(...read) < text.length) shortened++;
        return JSON.stringify(ids) === JSON.stringify(await idsOf(text));
      }),
      { seed: 16, numRuns: 400 },
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

for (const name of [
  'families/roberta',
  'families/xlm-roberta',
  'families/qwen3',
  'families/albert',
]) {
  test(`${name}: a tokenizer of another kind reads whole texts`, (t) => {
    const file = path.join(fixture(name), 'tokenizer.json');
    t.is(marginOf(JSON.parse(readFileSync(file, 'utf8'))), undefined);
  });
}

test('a file that describes nothing is of no known kind', (t) => {
  for (const odd of [undefined, null, {}, { model: { type: 'WordPiece' } }]) {
    t.is(marginOf(odd), undefined);
  }
});
