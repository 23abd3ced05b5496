import test from 'ava';
import { parseManifest } from '../../lib/model-store/manifest.ts';

const entry = { sha256: '0'.repeat(64), bytes: 10 };
const manifest = {
  formatVersion: 1,
  name: 'tiny',
  dimension: 8,
  maxSeqLength: 16,
  similarityFunction: 'cosine',
  prompts: { query: 'query: ' },
  defaultPromptName: null,
  modules: ['Transformer(BertModel)', 'Pooling(mean)'],
  dtype: 'float32',
  torchVersion: '2.13.0',
  source: { id: 'tiny', sentenceTransformers: null, transformers: null },
  inputs: ['input_ids', 'attention_mask'],
  padding: { tokenId: 0, side: 'right' },
  files: { 'model.pt': entry, 'tokenizer.json': entry },
};

const parse = (value: unknown) => parseManifest(JSON.stringify(value), 'sentence-torch.json');

test('a complete manifest is read as it is', (t) => {
  t.deepEqual(parse(manifest) as unknown, manifest);
});

test('fields of later minor additions are let through', (t) => {
  t.notThrows(() => parse({ ...manifest, license: 'apache-2.0' }));
});

test('truncateDim is optional: older folders have none', (t) => {
  t.is(parse(manifest).truncateDim, undefined);
  t.is(parse({ ...manifest, truncateDim: 5 }).truncateDim, 5);
});

test('narrow weights are a dtype of a model folder, and further files are let through', (t) => {
  for (const dtype of ['bfloat16', 'int8'])
    t.is(parse({ ...manifest, dtype }).dtype, dtype as never);
  t.notThrows(() => parse({ ...manifest, files: { ...manifest.files, LICENSE: entry } }));
});

test('what is not JSON is a damaged model', (t) => {
  t.throws(() => parseManifest('{"formatVersion": 1', 'x/sentence-torch.json'), {
    code: 'ST_MODEL_DAMAGED',
    message: /^x\/sentence-torch\.json is not JSON\./,
  });
});

for (const value of [null, [], 'text', 5, {}]) {
  test(`the JSON value ${JSON.stringify(value)} is no manifest`, (t) => {
    t.throws(() => parse(value), { code: 'ST_MODEL_DAMAGED' });
  });
}

for (const formatVersion of [0, 2, '1', null]) {
  test(`format version ${JSON.stringify(formatVersion)} is refused with the version that is read`, (t) => {
    t.throws(() => parse({ ...manifest, formatVersion }), {
      code: 'ST_MODEL_FORMAT',
      message: /this version of sentence-torch reads 1\./,
    });
  });
}

for (const [field, values] of Object.entries({
  name: [5, undefined],
  dimension: [0, -1, 1.5, '8', 2 ** 31, undefined],
  truncateDim: [0, -1, 2.5, '5', null],
  maxSeqLength: [0, null],
  similarityFunction: ['cos', undefined],
  prompts: [[], null, { query: 5 }, { query: '\ud83d' }],
  defaultPromptName: [5, undefined],
  modules: ['Pooling', [5]],
  dtype: ['float64'],
  inputs: [
    [],
    ['input_ids'],
    ['attention_mask', 'input_ids'],
    ['input_ids', 'attention_mask', 'x'],
  ],
  padding: [
    { tokenId: -1, side: 'right' },
    { tokenId: 2 ** 40, side: 'right' },
    { tokenId: 0, side: 'top' },
    null,
  ],
  files: [
    {},
    { 'model.pt': entry },
    { ...manifest.files, 'model.pt': { ...entry, sha256: 'abc' } },
    { ...manifest.files, 'tokenizer.json': { ...entry, bytes: -1 } },
    { ...manifest.files, LICENSE: 'apache-2.0' },
    { ...manifest.files, '../LICENSE': entry },
    { ...manifest.files, '..': entry },
    { ...manifest.files, 'sentence-torch.json': entry },
  ],
})) {
  for (const value of values) {
    test(`the field ${field} with ${JSON.stringify(value)} is refused by name`, (t) => {
      t.throws(() => parse({ ...manifest, [field]: value }), {
        code: 'ST_MODEL_DAMAGED',
        message: new RegExp(`the field "${field}" is missing or wrong`),
      });
    });
  }
}

test('a default prompt that is none of the prompts is refused', (t) => {
  t.throws(() => parse({ ...manifest, defaultPromptName: 'nope' }), {
    code: 'ST_MODEL_DAMAGED',
    message: /the defaultPromptName "nope" is none of its prompts/,
  });
  t.notThrows(() => parse({ ...manifest, defaultPromptName: 'query' }));
});

test('a folder whose texts were lower-cased outside of its tokenizer has to be exported again', (t) => {
  const text = { strip: true, lowercase: true };
  t.throws(() => parse({ ...manifest, text }), {
    code: 'ST_MODEL_FORMAT',
    message: /lower-cased texts itself.*Export the model again/,
  });
  t.notThrows(() => parse({ ...manifest, text: { ...text, lowercase: false } }));
});
