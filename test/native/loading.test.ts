import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { loadAddon } from '../../lib/native/addon.ts';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';

const contract = fileURLToPath(new URL('../../binding.d.ts', import.meta.url));

async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sentence-torch-test-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** Loads a model in a fresh process and gives the code and message of its error. */
async function errorOfLoading(env: NodeJS.ProcessEnv): Promise<{ code: string; message: string }> {
  const script = `
    import { SentenceTransformer } from 'sentence-torch';
    await SentenceTransformer.load(${JSON.stringify(fixture('golden/mean'))}).then(
      () => console.log('{}'),
      ({ code, message }) => console.log(JSON.stringify({ code, message })),
    );
  `;
  const { stdout, stderr, signal } = await runNode(['--input-type=module', '--eval', script], {
    env,
  });
  if (signal !== null || stdout === '') throw new Error(`ended by ${signal}: ${stderr}`);
  return JSON.parse(stdout);
}

test('the addon exports what binding.d.ts says, and nothing else', async (t) => {
  const text = await readFile(contract, 'utf8');
  const membersOf = (name: string): string[] => {
    const body = new RegExp(`interface ${name} \\{([^]*?)\\n\\}`).exec(text)?.[1] ?? '';
    return Array.from(
      body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm),
      (match) => match[1] as string,
    ).sort();
  };
  const addon = loadAddon();
  t.deepEqual(Object.keys(addon).sort(), membersOf('Addon'));
  const methods = Object.getOwnPropertyNames(addon.Session.prototype as object);
  t.deepEqual(methods.filter((name) => name !== 'constructor').sort(), membersOf('Session'));
});

test('a libtorch of another version is refused before anything of it is loaded', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, 'lib'));
  for (const name of ['libc10.so', 'libtorch_cpu.so', 'libtorch.so']) {
    await writeFile(
      path.join(folder, 'lib', name),
      'not a library: loading it would fail differently',
    );
  }
  await writeFile(path.join(folder, 'build-version'), '2.12.1+cpu\n');
  const { code, message } = await errorOfLoading({ LIBTORCH: folder });
  t.is(code, 'ST_LIBTORCH_MISMATCH');
  t.regex(message, /2\.12\.1/);
});

test('a libtorch that is not one gives the reason of the system', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, 'lib'));
  for (const name of ['libc10.so', 'libtorch_cpu.so', 'libtorch.so']) {
    await writeFile(path.join(folder, 'lib', name), 'not a library');
  }
  const { version } = JSON.parse(
    await readFile(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
  ).libtorch;
  await writeFile(path.join(folder, 'build-version'), `${version}+cpu\n`);
  const { code, message } = await errorOfLoading({ LIBTORCH: folder });
  t.is(code, 'ST_ADDON_LOAD_FAILED');
  t.regex(message, /libc10\.so/);
});

test('without any libtorch the error says where it was looked for and what to do', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, message } = await errorOfLoading({ LIBTORCH: '', SENTENCE_TORCH_CACHE: folder });
  t.is(code, 'ST_LIBTORCH_NOT_FOUND');
  t.true(message.includes(folder));
});

test('a LIBTORCH that is unusable is an error, not skipped', async (t) => {
  const { code, message } = await errorOfLoading({ LIBTORCH: '/no/such/libtorch' });
  t.is(code, 'ST_LIBTORCH_NOT_FOUND');
  t.regex(message, /\/no\/such\/libtorch/);
});

test('a SENTENCE_TORCH_ISA that does not exist is refused with those that do', async (t) => {
  t.deepEqual(await errorOfLoading({ SENTENCE_TORCH_ISA: 'sse9' }), {
    code: 'ST_INVALID_OPTION',
    message: "SENTENCE_TORCH_ISA is 'sse9', not one of scalar, neon, avx2, avx512, amx.",
  });
});
