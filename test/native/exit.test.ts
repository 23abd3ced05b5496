import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';

/** Runs of each case: 1 in every test run; SENTENCE_TORCH_EXIT_RUNS=25 for the whole matrix. */
const runs = Number(process.env.SENTENCE_TORCH_EXIT_RUNS ?? 1);
const child = fileURLToPath(new URL('children/exit.mjs', import.meta.url));

const exitCodes = {
  'natural end': 0,
  'process.exit': 0,
  throw: 1,
  'unhandled rejection': 1,
  'SIGTERM handler': 0,
  'process.reallyExit': 0,
  'worker.terminate': 0,
  'process.exit beside a worker': 3,
};

for (const [way, expected] of Object.entries(exitCodes)) {
  for (const state of ['idle', 'loading', 'in forward', 'queued']) {
    // An exit that runs no JavaScript while the first model loads is the one case with no safe order; see environment.h.
    if (way === 'process.reallyExit' && state === 'loading') continue;
    test.serial(`${way} while ${state} ends the process as it should`, async (t) => {
      t.timeout(runs * 300_000);
      for (let run = 0; run < runs; run++) {
        const limitMs = 280_000; // for slow machines that do other work
        const ended = await runNode([child, fixture('odd/slow'), way, state], { limitMs });
        const { code, signal, stderr } = ended;
        t.deepEqual({ code, signal }, { code: expected, signal: null }, stderr);
        const crashed = stderr !== '' && !stderr.includes('on purpose');
        t.false(crashed, `printed besides the error thrown on purpose: ${stderr}`);
        if (way === 'natural end') continue; // waits for the work that was asked for
        const tookMs = ended.endedAt - Number(ended.stdout);
        t.true(tookMs <= 30_000, `hung for ${tookMs} ms`);
      }
    });
  }
}

test.serial('an idle model that was never disposed does not keep the process alive', async (t) => {
  const ended = await runNode([child, fixture('golden/mean'), 'natural end', 'idle'], {
    limitMs: 20_000,
  });
  t.is(ended.code, 0);
});

test.serial('a batch that does not end in time does not hold back an ending process', async (t) => {
  const script = `
    import { SentenceTransformer } from 'sentence-torch';
    import { loadAddon } from './dist/native/addon.js';
    const model = await SentenceTransformer.load(${JSON.stringify(fixture('odd/slow'))});
    model.encode('text');
    for (let i = 0; i < 20_000; i++) await new Promise((resolve) => setImmediate(resolve));
    loadAddon().shutdown(10, 7);
    console.log('still here');
  `;
  const { code, signal, stdout } = await runNode(['--input-type=module', '--eval', script]);
  t.deepEqual({ code, signal, stdout }, { code: 7, signal: null, stdout: '' });
});
