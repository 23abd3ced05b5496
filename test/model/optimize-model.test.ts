import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, watch } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type LoadOptions, optimizeModel, SentenceTransformer } from '../../lib/index.ts';
import { agree } from '../../lib/optimize-check.ts';
import { fixture, goldenTexts, modelsIn } from '../support/fixtures.ts';
import { tempDir } from '../support/temp.ts';

// `npm test` gets the model and says where it is.
const minilm = process.env.SENTENCE_TORCH_MODEL;
if (!minilm) throw new Error('SENTENCE_TORCH_MODEL is not set: run the tests with `npm test`.');

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const texts = goldenTexts();

async function vectors(folder: string, options: LoadOptions = {}): Promise<Float32Array[]> {
  await using model = await SentenceTransformer.load(folder, { device: 'cpu', ...options });
  return model.encode(texts, { convertToTensor: false });
}

// Last bits may follow the padding beside a text, and libtorch does a part of the arithmetic.
const padded = new Set(['modernbert', 'mpnet', 'qwen3'].map((name) => path.join('families', name)));

// In megabytes; 91 in float32, of which 47 are the embeddings that stay.
const sizes = { bfloat16: [68, 70], int8: [58, 59] } as const;

for (const dtype of ['bfloat16', 'int8'] as const) {
  test(`the real all-MiniLM-L6-v2 gives the same with stored and with converted ${dtype} weights`, async (t) => {
    const output = path.join(tempDir(t), 'minilm');
    const { weights, bytesAfter } = await optimizeModel(minilm, output, { dtype });
    t.is(weights, 36);
    const [least, most] = sizes[dtype];
    t.true(bytesAfter > least * 1e6 && bytesAfter < most * 1e6, `${bytesAfter}`);
    t.deepEqual(await vectors(output), await vectors(minilm, { dtype }));
  });

  for (const name of modelsIn('families')) {
    test(`${name} gives the same with stored and with converted ${dtype} weights`, async (t) => {
      const output = path.join(tempDir(t), 'narrow');
      const { bytesBefore, bytesAfter } = await optimizeModel(fixture(name), output, { dtype });
      t.true(bytesAfter < bytesBefore);
      const got = await vectors(output);
      const expected = await vectors(fixture(name), { dtype });
      if (padded.has(name)) t.true(agree(got, expected));
      else t.deepEqual(got, expected);
    });
  }
}

const posix = process.platform === 'win32' ? test.skip : test;

posix('a command that is asked to end while it writes leaves nothing behind', async (t) => {
  const parent = tempDir(t);
  const args = ['optimize', minilm, '--dtype', 'int8', '--output', path.join(parent, 'narrow')];
  const watcher = watch(parent);
  const child = spawn(process.execPath, [command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(watcher, 'change');
  watcher.close();
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  t.regex(stderr, /^ST_ABORTED: /);
  t.is(code, 128 + 15);
  t.deepEqual(readdirSync(parent), []);
});
