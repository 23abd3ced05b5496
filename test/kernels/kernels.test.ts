import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const execute = promisify(execFile);

// What the CPU lacks falls back to what it has, which is then tested twice.
const instructionSets = arch() === 'x64' ? ['scalar', 'avx2', 'avx512', 'amx'] : ['scalar', 'neon'];

let build: string;

test.before('build the kernels and their tests', async (t) => {
  t.timeout(300_000);
  build = await mkdtemp(path.join(tmpdir(), 'sentence-torch-kernels-'));
  const sanitize = process.env.SENTENCE_TORCH_SANITIZE ? 'ON' : 'OFF';
  const options = ['-DSENTENCE_TORCH_WERROR=ON', `-DSENTENCE_TORCH_SANITIZE=${sanitize}`];
  await execute('cmake', ['-S', 'test/kernels', '-B', build, ...options]);
  await execute('cmake', ['--build', build, '--config', 'Release', '--parallel', '2']);
});

test.after.always('remove the build', async () => {
  await rm(build, { recursive: true });
});

function run(instructionSet: string): Promise<{ stdout: string }> {
  const program = path.join(build, process.platform === 'win32' ? 'Release' : '', 'kernels_test');
  return execute(program, { env: { ...process.env, SENTENCE_TORCH_ISA: instructionSet } });
}

for (const instructionSet of instructionSets) {
  test.serial(`kernels agree with double precision, ${instructionSet} at most`, async (t) => {
    t.timeout(120_000);
    const { stdout } = await run(instructionSet);
    t.log(stdout.trim());
    t.regex(stdout, / 0 failures/);
  });
}

test.serial('an instruction set that nobody knows is an error, not a guess', async (t) => {
  await t.throwsAsync(run('avx1024'), { message: /SENTENCE_TORCH_ISA is 'avx1024'/ });
});
