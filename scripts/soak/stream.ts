/**
 * 200,000 texts through encodeStream: every embedding in its place, little read ahead, memory that does not grow.
 *
 *   npx tsx scripts/soak/stream.ts [--count 200000]
 */
import { parseArgs } from 'node:util';
import { KnownTexts, openTiny } from './known-texts.ts';
import { PeakMemory } from './memory.ts';
import { conclude, sizeOption } from './verdict.ts';

const { values } = parseArgs({ options: { count: { type: 'string' } } });
const count = sizeOption('count', values.count, 200_000);
/** By then the process has what memory it needs: a fifth of the whole, more of a smaller one. */
const settledAt = Math.floor(Math.max(0.2 * count, Math.min(0.8 * count, 40_000)));

await using model = await openTiny();
const known = await KnownTexts.make(model, 512);
let read = 0;
function* source(): Generator<string> {
  for (; read < count; ) yield known.text(read++);
}

const started = performance.now();
const memory = new PeakMemory();
let [given, wrong, readAhead, before] = [0, 0, 0, 0];
for await (const embedding of model.encodeStream(source())) {
  readAhead = Math.max(readAhead, read - given);
  if (!known.isRight(given, embedding)) wrong++;
  if (++given === settledAt) before = memory.next();
}
const after = memory.next();
memory.stop();

conclude(
  'stream',
  {
    texts: given,
    missing: count - given,
    wrong,
    readAhead,
    rssMiB: after,
    rssGrowthMiB: after - before,
    seconds: (performance.now() - started) / 1000,
  },
  {
    missing: { atMost: 0 },
    wrong: { atMost: 0 },
    readAhead: { atMost: 4096 },
    rssGrowthMiB: { atMost: 16 },
  },
);
