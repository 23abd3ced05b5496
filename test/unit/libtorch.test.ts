import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { cacheEntry, type LibtorchSearch, locateLibtorch } from '../../lib/native/libtorch.ts';
import { readLibtorchFolder } from '../../lib/native/libtorch-folder.ts';
import { cacheDir } from '../../lib/util/cache-dir.ts';
import { fakeLibtorch, pinned } from '../support/fake-libtorch.ts';
import { tempDir } from '../support/temp.ts';

/** A search that knows nothing of this machine. */
function searchIn(
  t: ExecutionContext,
  env: NodeJS.ProcessEnv = {},
): LibtorchSearch & { root: string } {
  const root = tempDir(t);
  return {
    root,
    env: { SENTENCE_TORCH_CACHE: path.join(root, 'cache'), ...env },
    platform: 'linux',
    arch: 'x64',
    musl: false,
  };
}

function withLibtorch(
  search: LibtorchSearch & { root: string },
  directory: string,
): LibtorchSearch {
  return { ...search, env: { ...search.env, LIBTORCH: directory } };
}

const names = (libraries: readonly string[]): string[] =>
  libraries.map((file) => path.basename(file));

test('the cache folder is the one that SENTENCE_TORCH_CACHE names', (t) => {
  t.is(cacheDir({ SENTENCE_TORCH_CACHE: '/some/where' }), path.resolve('/some/where'));
  t.true(cacheDir({}).includes('sentence-torch'));
});

test('libtorch of LIBTORCH is found, with its libraries in the order in which they are opened', (t) => {
  const search = searchIn(t);
  const directory = fakeLibtorch(path.join(search.root, 'unpacked'));
  const found = locateLibtorch(withLibtorch(search, directory));
  t.is(found.source, 'LIBTORCH');
  t.is(found.version, `${pinned}`);
  t.is(found.build, `${pinned}+cpu`);
  t.is(found.variant, 'cpu');
  t.is(found.directory, directory);
  t.deepEqual(names(found.libraries), [
    'libgomp.so.1',
    'libc10.so',
    'libtorch_cpu.so',
    'libtorch.so',
  ]);
  t.true(found.libraries.every((file) => path.isAbsolute(file)));
});

test("the torch folder of a Python environment is taken for LIBTORCH, of any version's", (t) => {
  const search = searchIn(t);
  const directory = path.join(search.root, 'torch');
  fakeLibtorch(directory, { build: '2.14.0+cu130', cuda: true, versionIn: 'version.py' });
  const found = locateLibtorch(withLibtorch(search, directory));
  t.is(found.build, '2.14.0+cu130');
  t.is(found.variant, 'cu130');
  t.deepEqual(names(found.libraries).slice(-3), [
    'libc10_cuda.so',
    'libtorch_cuda.so',
    'libtorch.so',
  ]);
});

test('the cache is looked into where LIBTORCH is not set', (t) => {
  const search = searchIn(t);
  const directory = fakeLibtorch(path.join(cacheEntry('cpu', search), 'libtorch'));
  const found = locateLibtorch(search);
  t.is(found.source, 'cache');
  t.is(found.directory, directory);
});

test('SENTENCE_TORCH_VARIANT chooses among the variants in the cache', (t) => {
  const search = searchIn(t, { SENTENCE_TORCH_VARIANT: 'cu130' });
  fakeLibtorch(path.join(cacheEntry('cpu', search), 'libtorch'));
  t.throws(() => locateLibtorch(search), { code: 'ST_LIBTORCH_NOT_FOUND' });
  fakeLibtorch(path.join(cacheEntry('cu130', search), 'libtorch'), {
    build: `${pinned}+cu130`,
    cuda: true,
  });
  t.is(locateLibtorch(search).variant, 'cu130');
});

test('a variant that does not exist is refused by name', (t) => {
  const search = searchIn(t, { SENTENCE_TORCH_VARIANT: 'gpu' });
  t.throws(() => locateLibtorch(search), {
    code: 'ST_LIBTORCH_NOT_FOUND',
    message: /'gpu' is not a variant/,
  });
});

test('LIBTORCH of another variant than the one asked for is refused', (t) => {
  const search = searchIn(t, { SENTENCE_TORCH_VARIANT: 'cu130' });
  const directory = fakeLibtorch(path.join(search.root, 'unpacked'));
  t.throws(() => locateLibtorch(withLibtorch(search, directory)), {
    code: 'ST_LIBTORCH_MISMATCH',
    message: /is a cpu build/,
  });
});

test('an unusable LIBTORCH is an error even where the cache has one', (t) => {
  const search = searchIn(t);
  fakeLibtorch(path.join(cacheEntry('cpu', search), 'libtorch'));
  const missing = path.join(search.root, 'nowhere');
  t.throws(() => locateLibtorch(withLibtorch(search, missing)), {
    code: 'ST_LIBTORCH_NOT_FOUND',
    message: /LIBTORCH is set to .*nowhere, which is not a libtorch: no folder/,
  });
  const half = fakeLibtorch(path.join(search.root, 'half'), { libraries: ['libc10.so'] });
  t.throws(() => locateLibtorch(withLibtorch(search, half)), { message: /no libtorch_cpu\.so/ });
  const nameless = fakeLibtorch(path.join(search.root, 'nameless'));
  writeFileSync(path.join(nameless, 'build-version'), '');
  t.throws(() => locateLibtorch(withLibtorch(search, nameless)), {
    message: /neither build-version nor version\.py/,
  });
});

test('where there is none, the error lists what was tried and what can be done', (t) => {
  const search = searchIn(t);
  const error = t.throws(() => locateLibtorch(search), { code: 'ST_LIBTORCH_NOT_FOUND' });
  t.regex(error?.message ?? '', /LIBTORCH: not set\n.*the cache, .*: no such folder/);
  t.regex(error?.message ?? '', /scripts\/libtorch\/fetch\.ts/);
});

test('another version in the place of the pinned one is not used', (t) => {
  const search = searchIn(t);
  fakeLibtorch(path.join(cacheEntry('cpu', search), 'libtorch'), { build: '2.12.0+cpu' });
  t.throws(() => locateLibtorch(search), { message: /holds 2\.12\.0\+cpu; delete that folder/ });
});

test('on musl the error says that there is no libtorch for it', (t) => {
  const search = { ...searchIn(t), musl: true };
  t.throws(() => locateLibtorch(search), { code: 'ST_LIBTORCH_NOT_FOUND', message: /uses musl/ });
});

test('libraries have the names of their system', (t) => {
  const root = tempDir(t);
  const mac = fakeLibtorch(path.join(root, 'mac'), {
    build: `${pinned}`,
    libraries: [
      'libc10.dylib',
      'libomp.dylib',
      'libtorch.dylib',
      'libtorch_cpu.dylib',
      'libtorch_python.dylib',
    ],
  });
  const found = readLibtorchFolder(mac, 'darwin');
  if (typeof found === 'string') return t.fail(found);
  t.is(found.variant, 'cpu');
  t.deepEqual(names(found.libraries), [
    'libomp.dylib',
    'libc10.dylib',
    'libtorch_cpu.dylib',
    'libtorch.dylib',
  ]);
  const windows = fakeLibtorch(path.join(root, 'windows'), {
    libraries: ['c10.dll', 'c10.lib', 'libiomp5md.dll', 'torch.dll', 'torch_cpu.dll', 'uv.dll'],
  });
  const onWindows = readLibtorchFolder(windows, 'win32');
  if (typeof onWindows === 'string') return t.fail(onWindows);
  t.deepEqual(names(onWindows.libraries), [
    'libiomp5md.dll',
    'uv.dll',
    'c10.dll',
    'torch_cpu.dll',
    'torch.dll',
  ]);
  t.is(readLibtorchFolder(mac, 'freebsd'), 'there is no libtorch for freebsd');
});
