/**
 * An open-loop load against sentence-torch and transformers.js, on the same machine in the same run. Prints JSON lines; what
 * it does meanwhile, and tables, go to standard error. See bench/README.md.
 *
 *   npm run bench:load -- [--quick] [--rounds N] [--seconds N] [--bulk-texts N] [--report]
 */
import { fetchModel } from '../scripts/models/model.ts';
import { runCommand } from './command.ts';
import { RemoteContender } from './contender/remote.ts';
import { type LoadPlan, loadUsage, readLoadPlan } from './load-options.ts';
import { checkAgreement } from './phases/load-agreement.ts';
import { playRounds, type Sample } from './phases/load-rounds.ts';
import { type Tuned, tuneTransformersJs } from './phases/load-tune.ts';
import { onnxModel } from './prepare/onnx.ts';
import { installPackages } from './prepare/packages.ts';
import { type Findings, loadLines, summaryLine } from './report/load-summary.ts';
import { lanesTable, loadTable, settingsTable, targetTable } from './report/load-tables.ts';
import { writeReport } from './report/write-report.ts';
import { median } from './workload/numbers.ts';

const modelName = 'all-MiniLM-L6-v2';
const report = (line: string): void => console.error(`• ${line}`);

async function prepare(): Promise<{ model: string; onnx: string }> {
  await installPackages(report);
  const { source, model } = await fetchModel(modelName, { report });
  return { model, onnx: await onnxModel(modelName, source, report) };
}

/** What only this library has: its own padding, and its lanes at 10% of its saturation. */
async function measureAlone(
  ours: RemoteContender,
  samples: readonly Sample[],
  plan: LoadPlan,
): Promise<Omit<Findings, 'samples'>> {
  report('padding');
  const paddingBulk = await ours.ask('bulkPadding', { count: plan.paddingTexts, seed: 11 });
  const online = await ours.ask('closed', { callers: 64, seconds: plan.seconds, seed: 12 });
  report(`interactive texts beside a job of ${plan.bulkTexts}`);
  const { bulkTexts, windowSeconds, aloneSeconds } = plan;
  const peaks = samples.filter(
    ({ contender, load }) => contender === 'sentence-torch' && load === 1,
  );
  const rate = 0.1 * median(peaks.map(({ measured }) => measured.textsPerSecond));
  const lanes = await ours.ask('lanes', { bulkTexts, rate, windowSeconds, aloneSeconds, seed: 13 });
  return { paddingBulk, paddingOnline64: online.padding, lanes };
}

/** The lines to standard output; tables to standard error and, if asked for, into a report. */
async function publish(findings: Findings, { best, all }: Tuned, plan: LoadPlan, cosine: number) {
  const summary = summaryLine(findings);
  const lines = [...loadLines(findings.samples), summary];
  const parts = [
    ['Targets', targetTable(summary)],
    ['Load', loadTable(findings)],
    ['Interactive texts beside a bulk job', lanesTable(findings)],
    ['Settings tried for transformers.js', settingsTable(all, best)],
  ] as const;
  for (const [title, body] of parts) console.error(`\n${title}\n${body}`);
  if (plan.report) {
    const settings = {
      model: `${modelName}, float32; smallest cosine between the contenders ${cosine}`,
      plan: `${plan.rounds} rounds of ${plan.seconds} s, a bulk job of ${plan.bulkTexts} texts`,
    };
    report(`written: ${await writeReport({ kind: 'load', settings, parts, lines })}`);
  }
  for (const line of lines) console.log(JSON.stringify(line));
}

async function main(plan: LoadPlan): Promise<void> {
  const { model, onnx } = await prepare();
  report('settings of transformers.js');
  const tuned = await tuneTransformersJs(onnx, plan);
  using theirs = tuned.remote;
  const { intraOpThreads, batchSize } = tuned.best;
  report(`kept: ${intraOpThreads} intra-op threads, batches of up to ${batchSize}`);
  using ours = await RemoteContender.open({ contender: 'sentence-torch', folder: model });
  const cosine = await checkAgreement(ours, theirs);
  report(`the contenders agree: cosine >= ${cosine}`);
  const samples = await playRounds({ ours, theirs, plan, report });
  const findings = { samples, ...(await measureAlone(ours, samples, plan)) };
  await publish(findings, tuned, plan, cosine);
}

await runCommand(loadUsage, readLoadPlan, main);
