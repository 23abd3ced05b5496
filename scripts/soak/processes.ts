/**
 * The tests of process exit and of workers, at their whole counts: no crash and no hang, and the main thread's own encodes
 * go on. Needs the compiled library: `npm run build`.
 *
 *   npx tsx scripts/soak/processes.ts [--exit-runs 25] [--workers 300]
 */
import { parseArgs } from 'node:util';
import { run } from '../python.ts';
import { conclude, sizeOption } from './verdict.ts';

const ava = 'node_modules/ava/entrypoints/cli.mjs';

const { values } = parseArgs({
  options: { 'exit-runs': { type: 'string' }, workers: { type: 'string' } },
});
const exitRuns = sizeOption('exit-runs', values['exit-runs'], 25);
const workers = sizeOption('workers', values.workers, 300);

const env = {
  ...process.env,
  SENTENCE_TORCH_EXIT_RUNS: String(exitRuns),
  SENTENCE_TORCH_WORKERS: String(workers),
};

/** Runs one of the test files alone, as its limits of time expect; 1 if a test of it failed. */
async function failures(file: string): Promise<number> {
  const { ok } = await run(process.execPath, [ava, '--timeout=60m', file], { env });
  return ok ? 0 : 1;
}

const started = performance.now();
const figures = {
  exitRuns,
  exitFailures: await failures('test/native/exit.test.ts'),
  workers,
  workerFailures: await failures('test/native/workers.test.ts'),
  seconds: (performance.now() - started) / 1000,
};
conclude('processes', figures, { exitFailures: { atMost: 0 }, workerFailures: { atMost: 0 } });
