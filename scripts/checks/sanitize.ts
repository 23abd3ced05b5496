/**
 * The addon and its kernels under AddressSanitizer and UndefinedBehaviorSanitizer: builds them so in a copy of the checkout
 * and runs tests there. libtorch and Node are not instrumented: what is found is ours. Linux with GCC only.
 *
 *   npm run test:sanitize                     native, model and kernel tests
 *   npm run test:sanitize -- --small          what each kind of native code needs once
 *   npm run test:sanitize -- test/native/x.test.ts ...
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../python.ts';

const copy = path.join(root, '.cache', 'sanitize');
/** What a build and its tests read. */
const copied = [
  ...['lib', 'native', 'scripts', 'test', 'binding.d.ts', 'CMakeLists.txt', 'package.json'],
  ...['tsconfig.json', 'tsconfig.build.json'],
];
const whole = ['test/kernels', 'test/native', 'test/model'];
const small = [
  'test/kernels',
  'test/native/encode.test.ts',
  'test/native/failures.test.ts',
  'test/native/shapes.test.ts',
  'test/native/workers.test.ts',
  'test/model/golden.test.ts',
];

/** Files that are the same keep their time, so that a second build is a short one. */
function refresh(): void {
  mkdirSync(copy, { recursive: true });
  for (const name of copied) {
    const [from, to] = [path.join(root, name), path.join(copy, name)];
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true, preserveTimestamps: true });
  }
  const packages = path.join(copy, 'node_modules');
  if (!existsSync(packages)) symlinkSync(path.join(root, 'node_modules'), packages);
}

/** Throws if the command fails. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const { status, error } = spawnSync(command, args, {
    cwd: copy,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (see above)`);
}

/** A library of the compiler's, to be loaded before all others: Node itself is not instrumented. */
function libraryOf(name: string): string {
  const file = execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  if (path.isAbsolute(file)) return file;
  throw new Error(`g++ has no ${name}: install GCC's sanitizer libraries.`);
}

const libraries = () => ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map(libraryOf).join(' ');

const options = {
  // Leaks: V8 and libtorch keep what they need to the end; the soak watches ours. The allocator may refuse, as tests ask it to.
  ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=0',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { small: { type: 'boolean', default: false } },
  });
  refresh();
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  run(process.execPath, ['--import=tsx', 'scripts/build-native.ts', '--sanitize']);
  const tests = positionals.length > 0 ? positionals : values.small ? small : whole;
  const ava = ['node_modules/ava/entrypoints/cli.mjs', '--timeout=10m'];
  const isOfKernels = (name: string) => name.startsWith('test/kernels');
  const [ofKernels, ofAddon] = [
    tests.filter(isOfKernels),
    tests.filter((each) => !isOfKernels(each)),
  ];
  // The kernels' program is linked with the sanitizers; compilers must not run with them.
  if (ofKernels.length > 0)
    run(process.execPath, [...ava, ...ofKernels], { ...options, SENTENCE_TORCH_SANITIZE: '1' });
  if (ofAddon.length > 0)
    run(process.execPath, [...ava, ...ofAddon], { ...options, LD_PRELOAD: libraries() });
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
