import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = `
  import { SentenceTransformer } from 'sentence-torch';
  const model = await SentenceTransformer.load(${JSON.stringify(fixture('golden/mean'))});
  await model.encode(Array.from({ length: 100 }, (_, i) => 'text ' + i), { showProgressBar: true });
`;

test('showProgressBar draws a bar on a terminal', (t) => {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const command = [process.execPath, '--input-type=module', '--eval', script];
  const inTerminal = `import pty, sys; sys.exit(pty.spawn(${JSON.stringify(command)}) >> 8)`;
  const { stdout, status } = spawnSync(python, ['-c', inTerminal], { cwd: root, encoding: 'utf8' });
  t.is(status, 0, stdout);
  t.regex(stdout, /Encoding \[=+\] 100% \| 100\/100 texts/);
});

test('showProgressBar draws nothing where there is no terminal', async (t) => {
  const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', script]);
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
});
