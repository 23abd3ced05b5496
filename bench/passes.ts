/**
 * What each pass of the optimiser is worth: sentence-torch float32 with all of them, without each one, and with one after the
 * other. Prints JSON lines, and Markdown tables on standard error. See bench/README.md.
 *
 *   npm run bench:passes -- [--workload a,b] [--model m] [--rounds N] [--quick]
 */
import { loadAddon } from '../lib/native/addon.ts';
import { runCommand } from './command.ts';
import { seriesOf } from './contender/pass-variants.ts';
import type { EncodePlan } from './encode-options.ts';
import { passesUsage, readPassesPlan } from './passes-options.ts';
import { measureWorkload } from './phases/encode.ts';
import { Roofline } from './phases/roofline.ts';
import { type Ground, withGround } from './prepare/ground.ts';
import type { Finding } from './report/encode-line.ts';
import { passesLines, passesTable } from './report/passes-line.ts';

/** A pass that cannot be switched off, or that changes the embeddings, is a bug: no figure is worth anything then. */
function checkAll({ missing, measurements }: Finding): void {
  const failed = Object.entries(missing).map((words) => words.join(': '));
  const wrong = measurements
    .filter(({ valid }) => !valid)
    .map(({ encoder, minCosine }) => `${encoder.name}: wrong vectors, cosine ${minCosine}`);
  const words = [...failed, ...wrong];
  if (words.length > 0) throw new Error(words.join('\n'));
}

async function measureModel(ground: Ground): Promise<string[]> {
  using roofline = new Roofline(ground.model.shape);
  await roofline.warmUp();
  const tables: string[] = [];
  for (const workload of ground.plan.workloads) {
    for (const { name, variants } of seriesOf(loadAddon().passes())) {
      const finding = await measureWorkload(ground, workload, roofline, variants);
      checkAll(finding);
      for (const line of passesLines(name, finding)) console.log(JSON.stringify(line));
      tables.push(`${ground.model.name}, ${workload}, ${name}\n${passesTable(finding)}`);
    }
  }
  return tables;
}

async function main(plan: EncodePlan): Promise<void> {
  const tables: string[] = [];
  for (const name of plan.models) {
    await withGround(plan, name, async (ground) => {
      tables.push(...(await measureModel(ground)));
    });
  }
  for (const table of tables) console.error(`\n${table}`);
}

await runCommand(passesUsage, readPassesPlan, main);
