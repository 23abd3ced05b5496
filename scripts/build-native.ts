/**
 * Builds the native part with cmake-js against the libtorch that is on this machine. Incremental.
 *
 *   npm run build:native [-- --debug] [--sanitize]
 *
 * With SENTENCE_TORCH_WERROR=1 in the environment a warning is an error, as in CI.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isErrorCode } from '../lib/errors.ts';
import { type Libtorch, locateLibtorch } from '../lib/native/libtorch.ts';
import { root } from './python.ts';

const out = path.join(root, 'build');
const stamp = path.join(out, 'configured.json');
const BYTES_PER_JOB = 2e9;

interface Configured {
  /** The checkout: CMake's cache is of no use to a copy of it. */
  root: string;
  directory: string;
  build: string;
  options: string[];
}

function cmakeJs(command: string, args: readonly string[]): void {
  const cli = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const all = [cli, command, '--out', out, ...args];
  const { status, error } = spawnSync(process.execPath, all, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`cmake-js ${command} failed`);
}

function readConfigured(): Configured | undefined {
  try {
    return JSON.parse(readFileSync(stamp, 'utf8')) as Configured;
  } catch {
    return undefined;
  }
}

/** CMake does not look again at a folder it knows: when libtorch or an option changes, it is configured anew. */
function configure(libtorch: Libtorch, options: string[]): void {
  const now: Configured = { root, directory: libtorch.directory, build: libtorch.build, options };
  const before = readConfigured();
  if (JSON.stringify(before) === JSON.stringify(now)) return;
  rmSync(stamp, { force: true });
  if (before?.build !== now.build || before.root !== root)
    rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  cmakeJs('configure', options);
  writeFileSync(stamp, `${JSON.stringify(now)}\n`);
}

/** One compiler of libtorch's headers takes more than a gigabyte. */
function jobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / BYTES_PER_JOB)));
}

function main(): void {
  const { values } = parseArgs({
    options: {
      debug: { type: 'boolean' },
      sanitize: { type: 'boolean' },
    },
  });
  const libtorch = locateLibtorch();
  const options = [`--CDLIBTORCH_DIR=${libtorch.directory}`];
  if (process.env.SENTENCE_TORCH_WERROR) options.push('--CDSENTENCE_TORCH_WERROR=ON');
  if (values.sanitize) options.push('--CDSENTENCE_TORCH_SANITIZE=ON');
  if (values.debug) options.push('--debug');
  configure(libtorch, options);
  cmakeJs('build', [...options, '--parallel', String(jobs())]);
}

try {
  main();
} catch (error) {
  const coded = error instanceof Error && 'code' in error && isErrorCode(error.code);
  console.error(
    error instanceof Error ? `${coded ? `${error.code}: ` : ''}${error.message}` : error,
  );
  process.exitCode = 1;
}
