import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { tempDir } from '../support/temp.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A checkout with nothing in it but the bootstrap, and no npm packages to install. */
function checkout(t: ExecutionContext): string {
  const folder = tempDir(t);
  for (const name of ['scripts/bootstrap', 'scripts/bootstrap.mjs', 'package.json']) {
    cpSync(path.join(repository, name), path.join(folder, name), { recursive: true });
  }
  mkdirSync(path.join(folder, 'node_modules'));
  const lock = JSON.stringify({ packages: { '': {} } });
  writeFileSync(path.join(folder, 'package-lock.json'), lock);
  writeFileSync(
    path.join(folder, 'node_modules/.package-lock.json'),
    JSON.stringify({ packages: {} }),
  );
  return folder;
}

interface Ended {
  code: number | null;
  output: string;
}

function node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.on('close', (code) => resolve({ code, output }));
  });
}

test('each missing prerequisite gives one line that says what to install', async (t) => {
  const folder = checkout(t);
  const env = { PATH: path.join(folder, 'nothing'), CXX: '', SENTENCE_TORCH_PYTHON: '' };
  const { code, output } = await node([path.join(folder, 'scripts/bootstrap.mjs'), 'build'], env);
  t.is(code, 1);
  const lines = output.trim().split('\n');
  for (const what of ['Python 3.10 or newer', 'CMake 3.18 or newer', 'A C++20 compiler']) {
    t.is(lines.filter((line) => line.startsWith(`${what} is needed: `)).length, 1, output);
  }
  t.false(existsSync(path.join(folder, '.venv')));
});

test('an old Node gets one line that says what is needed', async (t) => {
  const folder = checkout(t);
  const file = path.join(folder, 'package.json');
  const text = readFileSync(file, 'utf8').replace(/"node": ">=[^"]*"/, '"node": ">=999.1"');
  writeFileSync(file, text);
  const { code, output } = await node([path.join(folder, 'scripts/bootstrap.mjs'), 'build']);
  t.is(code, 1);
  t.regex(output, /^Node\.js 999\.1 or newer is needed, this is .*\n$/);
});

test('an unknown task gives the usage and exit code 2', async (t) => {
  const { code, output } = await node([
    path.join(checkout(t), 'scripts/bootstrap.mjs'),
    'toString',
  ]);
  t.is(code, 2);
  t.regex(output, /usage: .*build\|test\|demo\|export\|parity/);
});

/** Appends what it does to a log while it holds the lock. */
const worker = `
  import { appendFileSync } from 'node:fs';
  import { alone } from './scripts/bootstrap/state.mjs';
  await alone(async () => {
    appendFileSync('log', 'in\\n');
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    appendFileSync('log', 'out\\n');
  });
`;

function startWorker(folder: string): Promise<Ended> {
  const file = path.join(folder, 'worker.mjs');
  writeFileSync(file, worker.replaceAll("'log'", JSON.stringify(path.join(folder, 'log'))));
  return node([file]);
}

test('two bootstraps of one checkout take turns', async (t) => {
  const folder = checkout(t);
  const ended = await Promise.all([1, 2, 3].map(() => startWorker(folder)));
  t.deepEqual(
    ended.map(({ code }) => code),
    [0, 0, 0],
  );
  t.is(readFileSync(path.join(folder, 'log'), 'utf8'), 'in\nout\n'.repeat(3));
});

test('the lock of a bootstrap that was killed is taken over', async (t) => {
  const folder = checkout(t);
  const gone = await new Promise<number>((resolve) => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    child.on('close', () => resolve(child.pid ?? 0));
  });
  mkdirSync(path.join(folder, '.cache/bootstrap'), { recursive: true });
  writeFileSync(path.join(folder, '.cache/bootstrap/lock'), String(gone));
  const { code, output } = await startWorker(folder);
  t.is(code, 0, output);
  t.false(existsSync(path.join(folder, '.cache/bootstrap/lock')));
});

/** A task of a checkout whose steps are all up to date is only its command. */
function withTask(folder: string, source: string): string {
  mkdirSync(path.join(folder, 'node_modules/ava/entrypoints'), { recursive: true });
  writeFileSync(path.join(folder, 'node_modules/ava/entrypoints/cli.mjs'), source);
  const main = path.join(folder, 'scripts/bootstrap/main.mjs');
  const text = readFileSync(main, 'utf8').replace(/(test: \{\s*needs: )\[[^\]]*\]/, '$1[]');
  writeFileSync(main, text);
  return path.join(folder, 'scripts/bootstrap.mjs');
}

test("the task gets the arguments, and its exit code is the bootstrap's", async (t) => {
  const script = withTask(
    checkout(t),
    'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;',
  );
  const { code, output } = await node([script, 'test', 'a b', '--match=*x*']);
  t.is(code, 7);
  t.is(output.trim(), '["a b","--match=*x*"]');
});

test('an interrupt reaches the task, and the bootstrap ends as the task ends', async (t) => {
  const script = withTask(
    checkout(t),
    "process.on('SIGINT', () => process.exit(5)); console.log('ready'); setInterval(() => {}, 1000);",
  );
  const child = spawn(process.execPath, [script, 'test']);
  child.stdout.once('data', () => child.kill('SIGINT'));
  t.is(await new Promise((resolve) => child.on('close', resolve)), 5);
});

test('what lies in the cache of another HOME is made anew; what is in the checkout is not', async (t) => {
  const folder = checkout(t);
  const file = path.join(folder, 'print.mjs');
  const source = `
    import { steps } from './scripts/bootstrap/steps.mjs';
    const { libtorch, model, requirements } = steps;
    console.log(JSON.stringify([libtorch, model, requirements].map((step) => step.from())));
  `;
  writeFileSync(file, source);
  const homes = ['one', 'two'].map((name) => path.join(folder, name));
  const [one, two] = await Promise.all(
    homes.map(async (home) => {
      const { code, output } = await node([file], { HOME: home, USERPROFILE: home });
      t.is(code, 0, output);
      return JSON.parse(output) as string[];
    }),
  );
  const changed = one?.map((fingerprint, index) => fingerprint !== two?.[index]);
  t.deepEqual(changed, [true, true, false]);
});
