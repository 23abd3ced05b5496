import test from 'ava';
import { encoders } from '../../../bench/contender/encoders.ts';
import type { Measurement } from '../../../bench/phases/encode-rounds.ts';
import { barChart } from '../../../bench/report/bars.ts';
import { encodeLines, type Finding, ratioOf } from '../../../bench/report/encode-line.ts';
import { findingChart, findingTable } from '../../../bench/report/encode-tables.ts';
import { encodeTargets, encodeTargetTable } from '../../../bench/report/encode-targets.ts';
import { newestReport, replaceSection } from '../../../bench/report/readme-section.ts';
import { root } from '../../../scripts/python.ts';
import { measured } from '../../support/measurement.ts';

function contender(name: string, rates: readonly number[], minCosine?: number): Measurement {
  const encoder = encoders.find((one) => one.name === name);
  if (encoder === undefined) throw new Error(name);
  return measured(encoder, rates, minCosine);
}

const ours = contender('sentence-torch float32', [400, 800, 600]);
const theirs = contender('transformers.js fp32', [100, 400, 200]);
const wrong = contender('fastembed', [1, 1, 1], 0.4);
const compared = contender('transformers.js fp32, batch 32', [100, 100, 100]);
const finding: Finding = {
  workload: 'short',
  model: 'minilm',
  measurements: [ours, theirs, wrong, compared],
  roofline: { float32: 1.2e9, bfloat16: 2e9, int8: 3e9 },
  missing: { 'sentence-torch int8': 'no option "dtype" | none\nstack' },
};

test('a line has the fields of the contract, in their order', (t) => {
  const [line] = encodeLines(finding);
  t.deepEqual(Object.keys(line ?? {}), [
    'bench',
    'workload',
    'model',
    'contender',
    'textsPerSecond',
    'tokensPerSecond',
    'ratioTo',
    'rooflineShare',
    'peakRssMB',
    'loadMs',
    'minCosine',
  ]);
  t.is(line?.rooflineShare, 0.5);
  t.is(line?.tokensPerSecond, 600);
});

test('ratios are taken within a round, and less is better where time is the figure', (t) => {
  t.deepEqual(ratioOf('short', ours, theirs), { low: 2, median: 3, high: 4 });
  t.is(ratioOf('single', ours, theirs).median, 0.3333);
});

test('rows for comparison have no line; wrong vectors have one, without ratios', (t) => {
  const lines = encodeLines(finding);
  t.deepEqual(
    lines.map(({ contender }) => contender),
    ['sentence-torch float32', 'transformers.js fp32', 'fastembed'],
  );
  t.deepEqual([lines[2]?.ratioTo, lines[2]?.rooflineShare], [{}, null]);
  t.false('fastembed' in (lines[0]?.ratioTo ?? {}));
});

test('a table says what is missing and what is wrong', (t) => {
  const rows = findingTable(finding).split('\n');
  t.true(rows.some((row) => row.includes('fastembed') && row.includes('wrong vectors')));
  t.true(rows.some((row) => row.includes('not available: no option "dtype" / none |')));
  t.is(new Set(rows.map((row) => row.split('|').length)).size, 1);
});

test('a table shows no path of the machine that made it', (t) => {
  const why = `Error: ENOENT: no such file, open '${root}bench/x.onnx'\n    at open (node:fs)`;
  const shown = findingTable({ ...finding, missing: { fastembed: why } });
  t.true(shown.includes("not available: ENOENT: no such file, open 'bench/x.onnx' |"));
});

test('a target is met, missed or not measured', (t) => {
  const targets = encodeTargets({ findings: [finding], accuracy: [] });
  const rows = encodeTargetTable(targets).split('\n');
  const row = (start: string): string => rows.find((one) => one.startsWith(`| ${start}`)) ?? '';
  t.regex(row('sentence-torch float32 : transformers.js fp32, short'), />= 4 \| 3 \| \*\*no\*\*/);
  t.regex(row('sentence-torch float32 : transformers.js fp32, mixed'), /not measured/);
});

/** Tags that are opened are closed, in order. */
function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  const body = svg.replace(/<(\/?)(\w+)(?: [\w:-]+="[^"<]*")*(\/?)>/g, (_, end, name, empty) => {
    if (end && open.pop() !== name) open.push('wrong');
    else if (!end && !empty) open.push(name);
    return '';
  });
  return open.length === 0 && !/[<>]|&(?!\w+;)/.test(body);
}

test('charts are well-formed whatever labels say, and leave wrong vectors out', (t) => {
  const bar = { label: 'a < "b" & c', value: 1, low: 0, high: 2, accent: true };
  const svg = barChart({ title: '<x> & y', unit: 'n', bars: [bar] });
  t.true(isWellFormed(svg));
  t.false(isWellFormed(svg.replace('</text>', '')));
  t.false(findingChart(finding).includes('fastembed'));
});

test('bars are as long as their values', (t) => {
  const bars = [100, 50].map((value) => ({
    label: 'x',
    value,
    low: value,
    high: value,
    accent: false,
  }));
  const widths = [
    ...barChart({ title: '', unit: '', bars }).matchAll(/<rect [^>]*?width="([\d.]+)"/g),
  ];
  const [long, short] = widths.map(([, width]) => Number(width));
  t.is(short, (long ?? 0) / 2);
});

/** A report of MiniLM on some workloads. */
function report(name: string, workloads: readonly string[], command = 'npm run bench') {
  const lines = workloads.map((workload) =>
    JSON.stringify({ bench: 'encode', workload, model: 'minilm', contender: ours.encoder.name }),
  );
  const text = `- command: ${command}\n\n## Lines\n\n\`\`\`json\n${lines.join('\n')}\n\`\`\`\n`;
  return { name, text };
}

test('the README shows the newest report that has all of its table', (t) => {
  const bulk = ['short', 'mixed', 'long'];
  const names = ['2026-01-02-encode.md', '2026-01-02-encode-10.md', '2026-01-02-encode-9.md'];
  const whole = names.map((name) => report(name, bulk));
  const less = [
    report('2026-02-01-encode.md', bulk, 'npm run bench -- --quick --report'),
    report('2026-02-02-encode.md', bulk, 'npm run bench -- --contender sentence-torch --report'),
    report('2026-02-03-encode.md', ['short', 'mixed'], 'npm run bench -- --workload short,mixed'),
  ];
  t.is(newestReport([...less, ...whole])?.name, '2026-01-02-encode-10.md');
  t.is(newestReport(less), undefined);
});

test('a section replaces what stood between the markers, and nothing else', (t) => {
  const readme = 'a\n<!-- benchmark: begin -->old<!-- benchmark: end -->\nb';
  const once = replaceSection(readme, 'new');
  t.is(once, 'a\n<!-- benchmark: begin -->\n\nnew\n\n<!-- benchmark: end -->\nb');
  t.is(replaceSection(once, 'new'), once);
  t.throws(() => replaceSection('no markers', 'new'));
});
