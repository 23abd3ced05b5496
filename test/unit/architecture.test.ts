import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../', import.meta.url));

function filesOf(folder: string, endings: RegExp): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => endings.test(file))
    .map((file) => path.join(folder, file));
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export) (type )?[^;]*?from '(\.[^']+)';/gms);
  return Array.from(statements, ([, typeOnly, target]) => ({
    from: file,
    to: path.join(path.dirname(file), target as string),
    typeOnly: typeOnly !== undefined,
  }));
}

/** The room of a file: its folder under lib, or its own name if it lies in lib itself. */
function roomOf(file: string): string {
  const [first = '', second] = path.relative('lib', file).split(path.sep);
  return second === undefined ? path.basename(first, '.ts') : first;
}

const rooms = ['encode', 'tokenizer', 'scheduler', 'native', 'model-store', 'search'];
/** Which rooms a room may run code of. Types may also come from the side, never from above. */
const mayImport: Record<string, readonly string[]> = {
  index: ['sentence-transformer', 'optimize-model', 'search', 'errors'],
  cli: ['optimize-model', 'errors'],
  'optimize-model': ['optimize-check', ...rooms, 'util', 'errors'],
  'optimize-check': ['sentence-transformer', 'search', 'errors'],
  'sentence-transformer': [...rooms, 'util', 'errors'],
  ...Object.fromEntries(rooms.map((room) => [room, ['util', 'errors']])),
  util: ['errors'],
  errors: [],
};

test('imports in lib go one way', (t) => {
  const wrong = filesOf('lib', /\.ts$/)
    .flatMap(importsOf)
    .filter(({ to }) => !to.endsWith('binding.d.ts'))
    .filter(({ from, to, typeOnly }) => {
      const [here, there] = [roomOf(from), roomOf(to)];
      if (here === there || mayImport[here]?.includes(there)) return false;
      const above = [
        'index',
        'cli',
        'optimize-model',
        'optimize-check',
        'sentence-transformer',
      ].includes(there);
      return !typeOnly || above || here === 'errors';
    });
  t.deepEqual(wrong, []);
});

test('every room of lib stands in the table of rooms', (t) => {
  const unknown = filesOf('lib', /\.ts$/)
    .map(roomOf)
    .filter((room) => !(room in mayImport));
  t.deepEqual(unknown, []);
});

test('only lib/native touches the native surface', (t) => {
  const touching = filesOf('lib', /\.ts$/).filter((file) =>
    /binding\.d\.ts|\.node['"`]/.test(readFileSync(path.join(root, file), 'utf8')),
  );
  t.deepEqual([...new Set(touching.map((file) => path.dirname(file)))], ['lib/native']);
});

test('N-API is included only where JavaScript and C++ meet', (t) => {
  const including = filesOf('native', /\.(cc|h)$/).filter((file) =>
    /#include <(napi|node_api|js_native_api)\.h>/.test(readFileSync(path.join(root, file), 'utf8')),
  );
  const outside = including.filter(
    (file) => !/^native\/(binding\/|preload\/|addon\.cc)/.test(file),
  );
  t.deepEqual(outside, []);
});

test('kernels know nothing of the other rooms, runtime nothing of models, and none of the binding', (t) => {
  const wrong = filesOf('native', /\.(cc|h)$/).filter((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    if (file.startsWith('native/kernels')) return /#include "(model|runtime|binding)\//.test(text);
    if (file.startsWith('native/runtime')) return /#include "(model|binding)\//.test(text);
    if (file.startsWith('native/model')) return /#include "binding\//.test(text);
    return false;
  });
  t.deepEqual(wrong, []);
});

test('each native method stands in binding.d.ts with the signature above its definition', (t) => {
  const contract = readFileSync(path.join(root, 'binding.d.ts'), 'utf8');
  const definitions = [
    'native/addon.cc',
    ...filesOf('native/binding', /\.cc$/),
    ...filesOf('native/preload', /\.cc$/),
  ];
  const signatures = definitions.flatMap((file) =>
    Array.from(
      readFileSync(path.join(root, file), 'utf8').matchAll(/^\/\/ (\w+\(.*\): .*)$/gm),
      (match) => match[1] as string,
    ),
  );
  t.deepEqual(signatures.map((signature) => signature.replace(/\(.*/, '')).sort(), [
    'cancel',
    'cpu',
    'devices',
    'dispose',
    'extend',
    'load',
    'narrow',
    'open',
    'passes',
    'run',
    'shutdown',
    'waits',
  ]);
  for (const signature of signatures) t.true(contract.includes(`  ${signature};`), signature);
});

test('the pinned libtorch version stands in package.json and nowhere else in the code', (t) => {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).libtorch;
  const repeating = [
    ...filesOf('lib', /\.ts$/),
    ...filesOf('native', /\.(cc|h)$/),
    'CMakeLists.txt',
  ].filter((file) => readFileSync(path.join(root, file), 'utf8').includes(version));
  t.deepEqual(repeating, []);
});

test('every error code has its paragraph in docs/errors.md, under its class', (t) => {
  const text = readFileSync(path.join(root, 'lib/errors.ts'), 'utf8');
  const table = Array.from(text.matchAll(/^ {2}(ST_\w+): (\w+),$/gm), ([, code, name]) => [
    name,
    code,
  ]);
  const docs = readFileSync(path.join(root, 'docs/errors.md'), 'utf8');
  const documented = docs.split(/^## /m).flatMap((section) => {
    const name = /^\w+Error$/m.exec(section.split('\n')[0] ?? '')?.[0];
    return Array.from(section.matchAll(/^### (ST_\w+)$/gm), ([, code]) => [name, code]);
  });
  t.true(table.length > 10);
  t.deepEqual(documented, table);
});
