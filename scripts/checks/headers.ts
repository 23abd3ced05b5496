/**
 * Compiles every native source against the headers of other libtorch releases than the pinned one, warnings as errors.
 * Only headers: the smallest wheel of each release carries them all, and linking is settled by the pinned build.
 *
 *   npm run check:headers [-- <version> ...]
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { installFolder } from '../download/install.ts';
import { unzip } from '../download/unzip.ts';
import { findPython, root, run } from '../python.ts';

/** The oldest and the newest release that must work, and one in between. */
const defaultVersions = ['2.11.0', '2.12.1', '2.14.1'];

const smallestWheels = ['macosx_11_0_arm64', 'macosx_14_0_arm64'];

async function fetchHeaders(version: string): Promise<string> {
  const folder = path.join(root, '.cache', 'headers', version);
  if (existsSync(folder)) return folder;
  const wheels = await mkdtemp(path.join(tmpdir(), 'sentence-torch-headers-'));
  try {
    const wheel = path.join(wheels, await downloadWheel(version, wheels));
    await installFolder(folder, async (unfinished) => {
      await unzip(wheel, unfinished, (name) =>
        name.startsWith('torch/include/') ? name.slice('torch/'.length) : undefined,
      );
    });
  } finally {
    await rm(wheels, { recursive: true });
  }
  return folder;
}

async function downloadWheel(version: string, target: string): Promise<string> {
  const python = findPython();
  if (python === undefined) throw new Error('There is no Python 3 with pip.');
  const { ok, errors } = await run(python, [
    ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:'],
    ...smallestWheels.flatMap((platform) => ['--platform', platform]),
    ...['--python-version', '311', '--dest', target, `torch==${version}`],
  ]);
  const [wheel] = await readdir(target);
  if (!ok || wheel === undefined) throw new Error(`torch ${version} can't be fetched: ${errors}`);
  return wheel;
}

/** The kernels know nothing of libtorch, but for the operators made of them. */
function usesLibtorch(source: string): boolean {
  const inside = (folder: string) => source.startsWith(path.join('native', folder) + path.sep);
  return !inside('kernels') || inside('kernels/operators');
}

function nativeSources(): string[] {
  return readdirSync(path.join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.cc'))
    .map((file) => path.join('native', file))
    .filter((file) => usesLibtorch(file));
}

function compile(source: string, headers: string): Promise<boolean> {
  const system = [
    'node_modules/node-api-headers/include',
    'node_modules/node-addon-api',
    path.join(headers, 'include'),
    path.join(headers, 'include/torch/csrc/api/include'),
  ];
  const definitions = [
    'NAPI_VERSION=8',
    'NAPI_CPP_EXCEPTIONS',
    'NODE_ADDON_API_CPP_EXCEPTIONS_ALL',
  ];
  const args = [
    ...['-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-Inative'],
    ...system.flatMap((folder) => ['-isystem', folder]),
    ...definitions.map((definition) => `-D${definition}`),
    source,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.env.CXX ?? 'c++', args, { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

/** The sources that do not compile. */
async function compileAll(headers: string): Promise<string[]> {
  const left = nativeSources();
  const failed: string[] = [];
  const worker = async (): Promise<void> => {
    for (let source = left.pop(); source !== undefined; source = left.pop()) {
      if (!(await compile(source, headers))) failed.push(source);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return failed;
}

const given = process.argv.slice(2);
for (const version of given.length > 0 ? given : defaultVersions) {
  const failed = await compileAll(await fetchHeaders(version));
  console.log(
    `libtorch ${version}: ${failed.length === 0 ? 'compiles' : `fails: ${failed.join(', ')}`}`,
  );
  if (failed.length > 0) process.exitCode = 1;
}
