import type { EncodeLine } from './encode-line.ts';
import { table } from './markdown.ts';

/** A report's file name and Markdown. */
export interface WrittenReport {
  readonly name: string;
  readonly text: string;
}

const [begin, end] = ['<!-- benchmark: begin -->', '<!-- benchmark: end -->'];

/** By date, and by number within a day. */
function order(name: string): string {
  const [, date = '', number = '1'] = /^(\d{4}-\d\d-\d\d)-encode(?:-(\d+))?\.md$/.exec(name) ?? [];
  return `${date} ${number.padStart(4, '0')}`;
}

/** The lines that a report ends with. */
function linesOf({ text }: WrittenReport): EncodeLine[] {
  const block = /## Lines\n\n```json\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '';
  const lines = block.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter(({ bench }) => bench === 'encode');
}

const columns = ['short', 'mixed', 'long'] as const;

/** Whether all of the README's table is in it, with all contenders. What a quick run says means little. */
function isComplete(report: WrittenReport): boolean {
  if (/--(quick|contender)/.test(report.text)) return false;
  const lines = linesOf(report).filter(({ model }) => model === 'minilm');
  return columns.every((column) => lines.some(({ workload }) => workload === column));
}

export function newestReport(reports: readonly WrittenReport[]): WrittenReport | undefined {
  const complete = reports.filter(isComplete);
  return complete.sort((a, b) => (order(a.name) < order(b.name) ? 1 : -1))[0];
}

/** Texts per second on MiniLM, a row for each contender that gives the model's embeddings. */
function speedTable(lines: readonly EncodeLine[]): string {
  const minilm = lines.filter(
    ({ model, rooflineShare }) => model === 'minilm' && rooflineShare !== null,
  );
  const names = [...new Set(minilm.map(({ contender }) => contender))];
  const rows = names.map((name) => [
    name,
    ...columns.map((workload) => {
      const line = minilm.find((one) => one.contender === name && one.workload === workload);
      return line === undefined ? '' : String(line.textsPerSecond);
    }),
  ]);
  return table(['texts per second', ...columns], rows);
}

/** What the README shows of a report. */
export function readmeSection(report: WrittenReport): string {
  const machine = /^- machine: (.*)$/m.exec(report.text)?.[1] ?? 'unknown';
  const file = `bench/reports/${report.name}`;
  return [
    `all-MiniLM-L6-v2 on ${machine}: short questions (11 tokens), mixed texts (40 on average), long ones (256).`,
    speedTable(linesOf(report)),
    `![mixed texts](${file.replace(/\.md$/, '')}-minilm-mixed.svg)`,
    `More, with settings, versions and spread: [${report.name}](${file}).`,
  ].join('\n\n');
}

/** Replaces what stands between the markers. */
export function replaceSection(readme: string, section: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${begin} ... ${end}.`);
  return `${readme.slice(0, from + begin.length)}\n\n${section}\n\n${readme.slice(to)}`;
}
