import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { appendFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  cosSim,
  type LoadOptions,
  type OptimizeOptions,
  optimizeModel,
  SentenceTransformer,
} from '../../lib/index.ts';
import { narrowModel } from '../../lib/native/narrow.ts';
import { agree, checkSame } from '../../lib/optimize-check.ts';
import { fixture, goldenTexts, modelsIn } from '../support/fixtures.ts';
import { tempDir } from '../support/temp.ts';

const plain = fixture('golden/mean');
const texts = goldenTexts();
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(path.join(folder, 'sentence-torch.json'), 'utf8'));

async function vectors(folder: string, options: LoadOptions = {}): Promise<Float32Array[]> {
  await using model = await SentenceTransformer.load(folder, { device: 'cpu', ...options });
  return model.encode(texts, { convertToTensor: false });
}

/** A place for a new folder, alone in its parent. */
function outputIn(t: ExecutionContext): { parent: string; output: string } {
  const parent = tempDir(t);
  return { parent, output: path.join(parent, 'narrow') };
}

for (const dtype of ['bfloat16', 'int8'] as const) {
  test(`a folder of ${dtype} weights gives bit for bit what converting at load does`, async (t) => {
    const { output } = outputIn(t);
    await optimizeModel(plain, output, { dtype });
    const expected = await vectors(plain, { dtype });
    for (const options of [{}, { dtype }, { dtype: 'auto' }] as const) {
      t.deepEqual(await vectors(output, options), expected);
    }
    t.notDeepEqual(await vectors(plain), expected);
  });

  test(`a folder of ${dtype} weights tells its dtype and refuses to be float32 again`, async (t) => {
    const { output } = outputIn(t);
    await optimizeModel(plain, output, { dtype });
    await using model = await SentenceTransformer.load(output, { device: 'cpu' });
    t.is(model.dtype, dtype);
    await t.throwsAsync(SentenceTransformer.load(output, { device: 'cpu', dtype: 'float32' }), {
      code: 'ST_INVALID_OPTION',
      message: new RegExp(`dtype is 'float32', but this model folder holds ${dtype} weights`),
    });
  });

  test(`a folder of ${dtype} weights runs without the optimiser, in float32`, async (t) => {
    const { output } = outputIn(t);
    await optimizeModel(plain, output, { dtype });
    const exact = await vectors(plain, { optimize: false });
    for (const optimize of [false, { disable: ['linear'] }]) {
      await using model = await SentenceTransformer.load(output, { device: 'cpu', optimize });
      t.is(model.dtype, 'float32');
      const near = await model.encode(texts, { convertToTensor: false });
      for (const [i, vector] of near.entries()) {
        const { data } = await cosSim(vector, exact[i] as Float32Array);
        const cosine = data[0] as number;
        t.true(cosine > (dtype === 'int8' ? 0.98 : 0.9995) && cosine < 1, `${cosine}`);
      }
    }
  });

  test(`layers that share a weight share the ${dtype} one`, async (t) => {
    const { output } = outputIn(t);
    // Two layers of ALBERT that share all six weights, and the map behind its embedding.
    t.is((await optimizeModel(fixture('families/albert'), output, { dtype })).weights, 7);
    t.deepEqual(await vectors(output), await vectors(fixture('families/albert'), { dtype }));
  });

  test(`a model that cannot be computed in ${dtype} is not written`, async (t) => {
    const { parent, output } = outputIn(t);
    await t.throwsAsync(optimizeModel(fixture('odd/writes'), output, { dtype }), {
      code: 'ST_INVALID_OPTION',
      message: /finds no linear layer in this model that it can convert/,
    });
    t.deepEqual(readdirSync(parent), []);
  });
}

test('a folder that is computed otherwise than its source is told apart', async (t) => {
  const source = fixture('families/bert');
  const { output } = outputIn(t);
  await optimizeModel(source, output, { dtype: 'int8' });
  await t.notThrowsAsync(checkSame(source, output, 'int8', undefined));
  const otherPasses = fixture('families/mpnet');
  const otherVectors = fixture('golden/cls');
  for (const folder of [otherPasses, otherVectors]) {
    await t.throwsAsync(checkSame(source, folder, 'int8', undefined), { code: 'ST_MODEL_DAMAGED' });
  }
});

test('embeddings that differ in rounding agree, those of other texts do not', async (t) => {
  const got = await vectors(plain, { dtype: 'int8' });
  const zeros = new Float32Array(3);
  t.true(agree([...got, zeros], [...(await vectors(plain)), zeros]));
  t.false(agree(got, got.toReversed()));
  t.false(agree([zeros], [Float32Array.of(1, 0, 0)]));
  t.false(agree([zeros], [new Float32Array(4)]));
});

test('the new manifest differs in dtype and in what it says of model.pt only', async (t) => {
  const { parent, output } = outputIn(t);
  const result = await optimizeModel(plain, output, { dtype: 'int8' });
  const file = readFileSync(path.join(output, 'model.pt'));
  const sha256 = createHash('sha256').update(file).digest('hex');
  const { files, ...rest } = manifestOf(plain);
  t.deepEqual(manifestOf(output), {
    ...rest,
    dtype: 'int8',
    files: { ...files, 'model.pt': { sha256, bytes: file.length } },
  });
  t.true(result.bytesAfter < result.bytesBefore);
  t.is(result.bytesBefore, statSync(path.join(plain, 'model.pt')).size);
  t.is(result.bytesAfter, file.length);
  t.deepEqual(readdirSync(parent), ['narrow']);
});

/** A copy of the model with a licence that its manifest lists. */
async function withLicence(t: ExecutionContext): Promise<string> {
  const folder = path.join(tempDir(t), 'model');
  await cp(plain, folder, { recursive: true });
  await writeFile(path.join(folder, 'LICENSE'), 'free\n');
  const manifest = manifestOf(folder);
  const sha256 = createHash('sha256').update('free\n').digest('hex');
  manifest.files.LICENSE = { sha256, bytes: 5 };
  await writeFile(path.join(folder, 'sentence-torch.json'), JSON.stringify(manifest));
  return folder;
}

test('every file that the manifest lists is copied, verified, and no other', async (t) => {
  const { parent, output } = outputIn(t);
  const folder = await withLicence(t);
  await optimizeModel(folder, output, { dtype: 'int8' });
  t.deepEqual(readdirSync(output).sort(), [
    'LICENSE',
    'model.pt',
    'sentence-torch.json',
    'tokenizer.json',
  ]);
  for (const name of ['LICENSE', 'tokenizer.json']) {
    await appendFile(path.join(folder, name), ' ');
    const second = path.join(parent, 'second');
    await t.throwsAsync(optimizeModel(folder, second, { dtype: 'int8' }), {
      code: 'ST_MODEL_DAMAGED',
      message: new RegExp(`${name} is not the file`),
    });
  }
  t.deepEqual(readdirSync(parent), ['narrow']);
});

test('a damaged model.pt is refused before libtorch sees it', async (t) => {
  const { parent, output } = outputIn(t);
  const folder = await withLicence(t);
  await appendFile(path.join(folder, 'model.pt'), ' ');
  await t.throwsAsync(optimizeModel(folder, output, { dtype: 'int8' }), {
    code: 'ST_MODEL_DAMAGED',
    message: /model\.pt is not the file/,
  });
  t.deepEqual(readdirSync(parent), []);
});

for (const attack of modelsIn('malicious')) {
  test(`${attack} is refused, and nothing of it written`, async (t) => {
    const { parent, output } = outputIn(t);
    await t.throwsAsync(optimizeModel(fixture(attack), output, { dtype: 'int8' }), {
      code: 'ST_MODEL_REFUSED',
    });
    t.deepEqual(readdirSync(parent), []);
  });
}

test('an empty folder is taken as the output', async (t) => {
  const { output } = outputIn(t);
  await mkdir(output);
  await optimizeModel(plain, output, { dtype: 'bfloat16' });
  t.is(manifestOf(output).dtype, 'bfloat16');
});

test('a folder that holds anything is left alone', async (t) => {
  const { parent, output } = outputIn(t);
  await mkdir(output);
  await writeFile(path.join(output, 'mine.txt'), '');
  await t.throwsAsync(optimizeModel(plain, output, { dtype: 'int8' }), {
    code: 'ST_WRITE_FAILED',
    name: 'ExecutionError',
    message: /narrow can't be written: it exists and is not empty/,
  });
  t.deepEqual(readdirSync(output), ['mine.txt']);
  t.deepEqual(readdirSync(parent), ['narrow']);
});

test('a file or a link at the output is left alone', async (t) => {
  const { parent, output } = outputIn(t);
  await writeFile(output, '');
  const link = path.join(parent, 'link');
  await symlink(tempDir(t), link);
  for (const place of [output, link]) {
    await t.throwsAsync(optimizeModel(plain, place, { dtype: 'int8' }), {
      code: 'ST_WRITE_FAILED',
      message: /it exists and is no folder/,
    });
  }
  t.deepEqual(readdirSync(parent).sort(), ['link', 'narrow']);
});

test('an output that the system refuses gives its reason', async (t) => {
  const { output } = outputIn(t);
  await writeFile(output, '');
  await t.throwsAsync(optimizeModel(plain, path.join(output, 'below'), { dtype: 'int8' }), {
    code: 'ST_WRITE_FAILED',
    message: /ENOTDIR/,
  });
});

const linux = process.platform === 'linux' ? test : test.skip;

linux('an output in a file system that takes no folders gives the reason', async (t) => {
  await t.throwsAsync(optimizeModel(plain, '/proc/narrow', { dtype: 'int8' }), {
    code: 'ST_WRITE_FAILED',
    message: /ENOENT/,
  });
});

linux('a full disk is an error with a code, not the end of the process', async (t) => {
  await t.throwsAsync(narrowModel(path.join(plain, 'model.pt'), '/dev/full', 'int8'), {
    code: 'ST_WRITE_FAILED',
    message: /No space left on device/,
  });
});

test('a folder that is narrow already is refused', async (t) => {
  const { parent, output } = outputIn(t);
  await optimizeModel(plain, output, { dtype: 'bfloat16' });
  await t.throwsAsync(optimizeModel(output, `${output}-2`, { dtype: 'int8' }), {
    code: 'ST_INVALID_OPTION',
    message: /holds bfloat16 weights already\. Give the float32 folder/,
  });
  t.deepEqual(readdirSync(parent), ['narrow']);
});

test('a model without linear layers is refused', async (t) => {
  const { parent, output } = outputIn(t);
  await t.throwsAsync(optimizeModel(fixture('odd/nan'), output, { dtype: 'int8' }), {
    code: 'ST_INVALID_OPTION',
    message: /has no linear layer with float32 weights/,
  });
  t.deepEqual(readdirSync(parent), []);
});

test('an aborted conversion leaves nothing behind', async (t) => {
  const { parent, output } = outputIn(t);
  const controller = new AbortController();
  const done = optimizeModel(plain, output, { dtype: 'int8', signal: controller.signal });
  controller.abort(new Error('enough'));
  const error = await t.throwsAsync(done, { code: 'ST_ABORTED' });
  t.like(error?.cause, { message: 'enough' });
  t.deepEqual(readdirSync(parent), []);
});

for (const [options, code] of [
  [{}, 'ST_INVALID_OPTION'],
  [{ dtype: 'float32' }, 'ST_INVALID_OPTION'],
  [{ dtype: 'auto' }, 'ST_INVALID_OPTION'],
  [{ dtype: 'int8', signal: 5 }, 'ST_INVALID_OPTION'],
  [{ dtype: 'int8', type: 'int8' }, 'ST_UNKNOWN_OPTION'],
  [undefined, 'ST_INVALID_OPTION'],
] as const) {
  test(`optimizeModel() with ${JSON.stringify(options)} is refused`, async (t) => {
    const { parent, output } = outputIn(t);
    await t.throwsAsync(optimizeModel(plain, output, options as unknown as OptimizeOptions), {
      code,
    });
    t.deepEqual(readdirSync(parent), []);
  });
}

test('optimizeModel() without a model or a place to write is refused', async (t) => {
  for (const [model, output] of [
    ['', 'x'],
    [plain, ''],
    [5, 'x'],
  ] as [string, string][]) {
    await t.throwsAsync(optimizeModel(model, output, { dtype: 'int8' }), {
      code: 'ST_INVALID_INPUT',
    });
  }
});
