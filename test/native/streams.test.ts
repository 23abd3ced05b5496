import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { SentenceTransformer } from '../../lib/index.ts';
import { locateLibtorch } from '../../lib/native/libtorch.ts';
import { fixture } from '../support/fixtures.ts';

const build = fileURLToPath(new URL('../../build/', import.meta.url));
const run = promisify(execFile);

// One after the other: they build in one folder.
const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip;

const stress = async (program: string, args: readonly string[] = []) => {
  await run('cmake', ['--build', build, '--target', program]);
  return run(path.join(build, program), args, {
    env: { ...process.env, LD_LIBRARY_PATH: path.join(locateLibtorch().directory, 'lib') },
  });
};

onLinux(
  'streams help each other without a data race, and leave for tasks of their own',
  async (t) => {
    const { stdout, stderr } = await stress('streams_stress');
    t.deepEqual(stdout.trim().split('\n'), [
      'ok: idle streams help',
      'ok: helpers leave for tasks of their own',
      'ok: helpers leave for other executors',
      'ok: a piece that throws',
      'ok: stopping in the middle',
      'ok: a full queue',
      'ok: once on each stream',
      'ok: a failure on one stream',
      'ok: stopping while streams wait for each other',
      'ok: cancelling while a stream begins',
    ]);
    t.is(stderr, '');
  },
);

onLinux('streams end by themselves, for whoever waits and without memory', async (t) => {
  const { stdout, stderr } = await stress('endings_stress');
  t.deepEqual(stdout.trim().split('\n'), [
    'ok: nobody waits for a task that runs',
    'ok: a task may own its executor',
    'ok: memory that is taken back',
    'ok: ending several executors',
    'ok: allocations that fail',
    'ok: room that was made before',
  ]);
  t.is(stderr, '');
});

for (const task of ['that ends', 'for ever']) {
  onLinux(`an exit while a task runs ${task} keeps its code`, async (t) => {
    const error = await t.throwsAsync<Error & { code?: number; stderr?: string }>(
      stress('endings_stress', [task]),
    );
    t.is(error?.code, 7);
    t.is(error?.stderr, '');
  });
}

onLinux('the threads of streams can be told from all others by their name', async (t) => {
  const streams = () =>
    readdirSync('/proc/self/task').filter(
      (id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'st-stream\n',
    ).length;
  t.is(streams(), 0);
  const model = await SentenceTransformer.load(fixture('golden/mean'), {
    device: 'cpu',
    streams: 3,
    intraOpThreads: 1,
  });
  t.is(streams(), 3);
  await model.dispose();
});
