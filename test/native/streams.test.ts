import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { locateLibtorch } from '../../lib/native/libtorch.ts';

const build = fileURLToPath(new URL('../../build/', import.meta.url));
const run = promisify(execFile);

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'streams help each other without a data race, and leave for tasks of their own',
  async (t) => {
    await run('cmake', ['--build', build, '--target', 'streams_stress']);
    const { stdout, stderr } = await run(path.join(build, 'streams_stress'), {
      env: { ...process.env, LD_LIBRARY_PATH: path.join(locateLibtorch().directory, 'lib') },
    });
    t.deepEqual(stdout.trim().split('\n'), [
      'ok: idle streams help',
      'ok: helpers leave for tasks of their own',
      'ok: helpers leave for other executors',
      'ok: stopping in the middle',
      'ok: a full queue',
    ]);
    t.is(stderr, '');
  },
);
