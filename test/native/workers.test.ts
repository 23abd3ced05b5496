import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';

/** Workers: 20 in every test run; SENTENCE_TORCH_WORKERS=300 for a long one. */
const count = Number(process.env.SENTENCE_TORCH_WORKERS ?? 20);
const child = fileURLToPath(new URL('children/workers.mjs', import.meta.url));

test("workers that end and are terminated leave the main thread's encodes undisturbed", async (t) => {
  t.timeout(count * 5000);
  const ended = await runNode([child, fixture('golden/mean'), String(count)], {
    limitMs: count * 5000,
  });
  t.deepEqual({ code: ended.code, signal: ended.signal }, { code: 0, signal: null }, ended.stderr);
  const { workers, own, different } = JSON.parse(ended.stdout);
  t.is(workers, count);
  t.is(different, 0);
  t.true(own > count, `${own} encodes of the main thread`);
});
