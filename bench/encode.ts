/**
 * Throughput, latency, start, memory and accuracy of sentence-torch and its peers, on the same machine in the same run.
 * Prints JSON lines; what it does meanwhile goes to standard error. See bench/README.md.
 *
 *   npm run bench -- [--workload a,b] [--model m] [--contender a,b] [--rounds N] [--quick] [--report]
 */
import { runCommand } from './command.ts';
import { encoders } from './contender/encoders.ts';
import { type EncodePlan, encodeUsage, readEncodePlan } from './encode-options.ts';
import { type AccuracyLine, measureAccuracy } from './phases/accuracy.ts';
import { measureWorkload } from './phases/encode.ts';
import { profileBulkCall } from './phases/profile.ts';
import { Roofline } from './phases/roofline.ts';
import { versionsOf } from './phases/versions.ts';
import { type Ground, withGround } from './prepare/ground.ts';
import { updateReadme } from './readme.ts';
import { encodeLines, type Finding } from './report/encode-line.ts';
import { encodeParts, writeEncodeReport } from './report/encode-report.ts';
import type { EncodeFindings } from './report/encode-targets.ts';
import type { BulkProfile } from './report/profile-line.ts';

const report = (line: string): void => console.error(`• ${line}`);

async function measureModel(ground: Ground): Promise<Finding[]> {
  using roofline = new Roofline(ground.model.shape);
  await roofline.warmUp();
  const { plan } = ground;
  const contenders = encoders.filter(({ name }) => plan.contenders.includes(name));
  const findings: Finding[] = [];
  for (const workload of plan.workloads) {
    const finding = await measureWorkload(ground, workload, roofline, contenders);
    findings.push(finding);
    for (const line of encodeLines(finding)) console.log(JSON.stringify(line));
  }
  return findings;
}

/** The profile of a bulk call, where this system can tell it: on Linux. */
async function profileIfAny(ground: Ground): Promise<BulkProfile | undefined> {
  try {
    return await profileBulkCall(ground);
  } catch (error) {
    report(`no profile: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** How this run was asked for. */
function command(): string {
  const words = process.argv.slice(2).map((word) => (/[ ,]/.test(word) ? `"${word}"` : word));
  return ['npm run bench --', ...words].join(' ');
}

async function main(plan: EncodePlan): Promise<void> {
  const findings: Finding[] = [];
  let accuracy: AccuracyLine[] = [];
  let profile: BulkProfile | undefined;
  let versions: Record<string, string> = {};
  for (const name of plan.models) {
    await withGround(plan, name, async (ground) => {
      versions = await versionsOf(ground);
      findings.push(...(await measureModel(ground)));
      if (name !== 'minilm') return;
      if (plan.accuracyTexts > 0) accuracy = await measureAccuracy(ground);
      for (const line of accuracy) console.log(JSON.stringify(line));
      if (plan.profileTexts > 0) profile = await profileIfAny(ground);
      if (profile) console.log(JSON.stringify(profile.line));
    });
  }
  const all: EncodeFindings = { findings, accuracy, ...(profile ? { profile } : {}) };
  for (const [title, body] of encodeParts(all)) console.error(`\n${title}\n${body}`);
  if (!plan.report) return;
  report(`written: ${await writeEncodeReport(all, plan, { command: command(), ...versions })}`);
  report(`the README shows ${(await updateReadme()) ?? 'no report: none has all of its table'}`);
}

await runCommand(encodeUsage, readEncodePlan, main);
