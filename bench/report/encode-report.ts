import type { EncodePlan } from '../encode-options.ts';
import { encodeLines } from './encode-line.ts';
import {
  accuracyTable,
  encodeSettingsTable,
  findingChart,
  findingTable,
  rooflineTable,
} from './encode-tables.ts';
import { type EncodeFindings, encodeTargets, encodeTargetTable } from './encode-targets.ts';
import { profileTable } from './profile-line.ts';
import { type Report, writeReport } from './write-report.ts';

const notes = {
  roofline: `The best matrix product of the model's shapes that oneDNN or MKL reached in this run with all cores. A share above 1
is possible for float32 of sentence-torch on CPUs with AMX: it splits float32 products into bfloat16 ones, which the
float32 products of oneDNN do not do.`,
  ratios: `Medians over the rounds; in brackets, what the middle 80% of the rounds lie between. \`ours : it\` is
sentence-torch float32 to the row, taken within a round: of tokens per second, where more is better; of time for single and
cold, where less is better.`,
};

/** Title and Markdown of each part, in the order of interest. */
export function encodeParts(all: EncodeFindings): Report['parts'] {
  const { findings, accuracy, profile } = all;
  return [
    ['Targets', encodeTargetTable(encodeTargets(all))],
    ['How to read the tables', notes.ratios],
    ...findings.map(
      (finding) => [`${finding.model}, ${finding.workload}`, findingTable(finding)] as const,
    ),
    ['Roofline', `${notes.roofline}\n\n${rooflineTable(findings)}`],
    ...(accuracy.length > 0
      ? [['Accuracy against Python, all-MiniLM-L6-v2', accuracyTable(accuracy)] as const]
      : []),
    ...(profile
      ? [['Profile of a bulk call, all-MiniLM-L6-v2', profileTable(profile)] as const]
      : []),
    ['Settings', encodeSettingsTable(findings)],
  ];
}

/** Writes the report of a run; its file. */
export function writeEncodeReport(
  all: EncodeFindings,
  plan: EncodePlan,
  circumstances: Readonly<Record<string, string>>,
): Promise<string> {
  const { findings, accuracy, profile } = all;
  const lines = [...findings.flatMap(encodeLines), ...accuracy, ...(profile ? [profile.line] : [])];
  const size = `${plan.rounds} rounds of about ${plan.sliceSeconds} s for each contender`;
  const settings = {
    ...circumstances,
    plan: plan.quick ? `${size} (--quick: shows that it works, the figures mean little)` : size,
  };
  const pictures = findings.map((finding) => [
    `${finding.model}-${finding.workload}`,
    findingChart(finding),
  ]);
  const report: Report = { kind: 'encode', settings, parts: encodeParts(all), lines };
  return writeReport(report, Object.fromEntries(pictures));
}
