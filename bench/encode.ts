/**
 * Throughput, latency, start, memory and accuracy of sentence-torch and its peers, on the same machine in the same run.
 * Prints JSON lines; what it does meanwhile goes to standard error. See bench/README.md.
 *
 *   npm run bench -- [--workload a,b] [--model m] [--contender a,b] [--rounds N] [--quick] [--report]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EncodePlan, encodeUsage, readEncodePlan } from './encode-options.ts';
import { measureWorkload } from './phases/encode.ts';
import { Roofline } from './phases/roofline.ts';
import { buildEngines } from './prepare/engines.ts';
import { prepareModel } from './prepare/models.ts';
import { installPackages } from './prepare/packages.ts';
import { pythonPackages } from './prepare/python.ts';
import { encodeLines, type Finding } from './report/encode-line.ts';

const report = (line: string): void => console.error(`• ${line}`);

async function measureAll(plan: EncodePlan, folder: string): Promise<Finding[]> {
  const packages = await pythonPackages(report);
  const findings: Finding[] = [];
  for (const name of plan.models) {
    const model = await prepareModel(name, report);
    using roofline = new Roofline(model.shape);
    for (const workload of plan.workloads) {
      const ground = { model, packages, plan, folder, roofline, report };
      const finding = await measureWorkload(ground, workload);
      findings.push(finding);
      for (const line of encodeLines(finding)) console.log(JSON.stringify(line));
    }
  }
  return findings;
}

async function main(plan: EncodePlan): Promise<void> {
  await installPackages(report);
  await buildEngines();
  const folder = await mkdtemp(path.join(tmpdir(), 'sentence-torch-bench-'));
  try {
    await measureAll(plan, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

let plan: EncodePlan | undefined;
try {
  plan = readEncodePlan(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${encodeUsage}`);
  process.exitCode = 2;
}
if (plan !== undefined) await main(plan);
