import { existsSync, readdirSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SentenceTransformer } from '../../lib/index.ts';
import { fixture, modelsIn } from '../support/fixtures.ts';

async function copyOfModel(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sentence-torch-test-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await cp(fixture('golden/mean'), folder, { recursive: true });
  return folder;
}

const load = (folder: string) => SentenceTransformer.load(folder, { device: 'cpu' });

test('a folder that does not exist is refused with where it was looked for', async (t) => {
  await t.throwsAsync(load('no/such/model'), {
    code: 'ST_MODEL_NOT_FOUND',
    name: 'ModelError',
    message: /no\/such\/model.*npm run export/,
  });
});

test('a folder without a manifest is refused with how to make one', async (t) => {
  await t.throwsAsync(load(tmpdir()), {
    code: 'ST_MODEL_NOT_FOUND',
    message: /sentence-torch\.json can't be read.*npm run export/,
  });
});

for (const value of [undefined, null, 5, '', {}]) {
  test(`load(${JSON.stringify(value)}) is refused`, async (t) => {
    await t.throwsAsync(load(value as unknown as string), { code: 'ST_INVALID_INPUT' });
  });
}

test('another format version is refused', async (t) => {
  const folder = await copyOfModel(t);
  const file = path.join(folder, 'sentence-torch.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...manifest, formatVersion: 2 }));
  await t.throwsAsync(load(folder), { code: 'ST_MODEL_FORMAT' });
});

for (const name of ['model.pt', 'tokenizer.json']) {
  test(`a missing ${name} is a damaged model`, async (t) => {
    const folder = await copyOfModel(t);
    await rm(path.join(folder, name));
    await t.throwsAsync(load(folder), { code: 'ST_MODEL_DAMAGED', message: /can't be read/ });
  });

  test(`a ${name} that was cut off is a damaged model`, async (t) => {
    const folder = await copyOfModel(t);
    await truncate(path.join(folder, name), 1000);
    await t.throwsAsync(load(folder), { code: 'ST_MODEL_DAMAGED', message: /has 1000 bytes/ });
  });

  test(`a ${name} with something appended is a damaged model`, async (t) => {
    const folder = await copyOfModel(t);
    await appendFile(path.join(folder, name), ' ');
    await t.throwsAsync(load(folder), { code: 'ST_MODEL_DAMAGED' });
  });

  test(`a single flipped bit in ${name} never reaches libtorch`, async (t) => {
    const folder = await copyOfModel(t);
    const file = path.join(folder, name);
    const bytes = await readFile(file);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] as number) ^ 1;
    await writeFile(file, bytes);
    await t.throwsAsync(load(folder), { code: 'ST_MODEL_DAMAGED', message: /sha256/ });
  });
}

async function withLargeModel(folder: string, bytes: number, wanted = bytes): Promise<void> {
  await writeFile(path.join(folder, 'model.pt'), '');
  await truncate(path.join(folder, 'model.pt'), bytes);
  const file = path.join(folder, 'sentence-torch.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  manifest.files['model.pt'].bytes = wanted;
  await writeFile(file, JSON.stringify(manifest));
}

// Of zeros, as what truncate() makes; `head -c 20000000 /dev/zero | sha256sum`
const largeSha256 = '9e21c61969cd3e077a1b2b58ddb583b175e13c6479d2d83912eaddc23c0cdd52';

test('a large model.pt is hashed as well, on a thread of its own', async (t) => {
  const folder = await copyOfModel(t);
  await withLargeModel(folder, 20_000_000);
  await t.throwsAsync(load(folder), {
    code: 'ST_MODEL_DAMAGED',
    message: new RegExp(`20000000 bytes and sha256 ${largeSha256}, wanted 20000000`),
  });
});

test('a large model.pt that was cut off is a damaged model', async (t) => {
  const folder = await copyOfModel(t);
  await withLargeModel(folder, 1000, 20_000_000);
  await t.throwsAsync(load(folder), { code: 'ST_MODEL_DAMAGED', message: /has 1000 bytes/ });
});

test('a large model.pt that is missing is a damaged model', async (t) => {
  const folder = await copyOfModel(t);
  await withLargeModel(folder, 1000, 20_000_000);
  await rm(path.join(folder, 'model.pt'));
  await t.throwsAsync(load(folder), { code: 'ST_MODEL_DAMAGED', message: /can't be read/ });
});

for (const attack of modelsIn('malicious')) {
  test(`${attack} is refused before it does anything`, async (t) => {
    await t.throwsAsync(load(fixture(attack)), { code: 'ST_MODEL_REFUSED' });
    t.false(existsSync('sentence-torch-canary'));
  });
}

test('a model that gives another dimension than its manifest says is damaged', async (t) => {
  await t.throwsAsync(load(fixture('odd/wrong-dimension')), {
    code: 'ST_MODEL_DAMAGED',
    message: /something else than a tensor of 3 x 8/,
  });
});

test('a load that fails leaves no thread behind', async (t) => {
  if (process.platform !== 'linux') return t.pass('threads are counted on Linux');
  const threads = () => readdirSync('/proc/self/task').length;
  await t.throwsAsync(load(fixture('odd/wrong-dimension')));
  const before = threads();
  for (let i = 0; i < 10; i++) await t.throwsAsync(load(fixture('odd/wrong-dimension')));
  t.true(threads() <= before + 2, `${before} threads became ${threads()}`);
});

test('CUDA without a CUDA build or GPU is refused with the remedy', async (t) => {
  await t.throwsAsync(SentenceTransformer.load(fixture('golden/mean'), { device: 'cuda:99' }), {
    code: 'ST_DEVICE_UNAVAILABLE',
    message: /device is 'cuda:99'.*device: 'cpu' always works/,
  });
});

test('a forward that throws rejects with a code and its reason, and the model goes on', async (t) => {
  await using model = await load(fixture('odd/raises'));
  await t.throwsAsync(model.encode(['good', 'bad?']), {
    code: 'ST_FORWARD_FAILED',
    name: 'ExecutionError',
    message: /index out of range/,
  });
  t.is((await model.encode('good')).length, model.dimension);
});

test('an error of a forward has the stack of the caller', async (t) => {
  await using model = await load(fixture('odd/raises'));
  async function callerOfEncode(): Promise<void> {
    await model.encode('why?');
  }
  const error = await t.throwsAsync(callerOfEncode());
  t.regex(String(error?.stack), /\n {4}at callerOfEncode/);
});

test('after dispose() everything is refused with a code', async (t) => {
  const model = await load(fixture('golden/mean'));
  await model.dispose();
  await t.throwsAsync(model.encode('a'), { code: 'ST_DISPOSED' });
  await t.notThrowsAsync(model.dispose());
});

test('dispose() finishes what was asked for before', async (t) => {
  const model = await load(fixture('golden/mean'));
  const pending = model.encode(Array.from({ length: 300 }, (_, i) => `text ${i}`));
  const disposed = model.dispose();
  await t.throwsAsync(model.encode('too late'), { code: 'ST_DISPOSED' });
  t.is((await pending).length, 300);
  await disposed;
});

test('await using disposes', async (t) => {
  let kept: SentenceTransformer;
  {
    await using model = await load(fixture('golden/mean'));
    kept = model;
  }
  await t.throwsAsync(kept.encode('a'), { code: 'ST_DISPOSED' });
});
