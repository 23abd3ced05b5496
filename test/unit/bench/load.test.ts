import test from 'ava';
import type { ContenderName } from '../../../bench/contender/messages.ts';
import type { Sample } from '../../../bench/phases/load-rounds.ts';
import { loadLines, summaryLine } from '../../../bench/report/load-summary.ts';
import { loadTable, targetTable } from '../../../bench/report/load-tables.ts';

const sample = (
  contender: ContenderName,
  load: number,
  textsPerSecond: number,
  p99Ms: number,
  of = contender,
): Sample => ({
  round: 1,
  ...{ contender, of, load },
  measured: { textsPerSecond, p50Ms: 1, p99Ms, loopP99Ms: 2, padding: 0 },
});

const samples = [
  ...[400, 600, 500].map((rate) => sample('sentence-torch', 1, rate, 9)),
  ...[100, 100, 250].map((rate) => sample('transformers.js', 1, rate, 9)),
  sample('sentence-torch', 0.75, 375, 5),
  sample('transformers.js', 0.75, 90, 40),
  sample('sentence-torch', 0.75, 90, 2, 'transformers.js'),
  sample('sentence-torch', 0.9, 450, 7),
];
const findings = {
  samples,
  paddingBulk: 0.01,
  paddingOnline64: 0.02,
  lanes: {
    aloneP99Ms: 10,
    besideBulkP99Ms: 15,
    batchMs: 10,
    bulkAlone: 100,
    bulkBeside: 90,
    pairs: 3,
    bulkSeconds: 30,
  },
};

test('a load line has the fields of the contract, in their order', (t) => {
  const [, , saturated] = loadLines(samples);
  t.is(
    JSON.stringify(saturated),
    '{"bench":"load","contender":"sentence-torch","load":1,"textsPerSecond":500,"p50Ms":1,"p99Ms":9,"loopP99Ms":2}',
  );
});

test("a load that is a share of the other contender's saturation is no line of its own", (t) => {
  t.is(loadLines(samples).filter(({ load }) => load === 0.75).length, 2);
});

test('the summary takes ratios within a round', (t) => {
  t.is(
    JSON.stringify(summaryLine(findings)),
    '{"bench":"load","summary":true,"saturationRatio":4,"p99RatioAt75":0.125,"p99RatioAtTheir75":0.05,"loopP99MsAt90":2,' +
      '"paddingBulk":0.01,"paddingOnline64":0.02,"interactiveP99Ratio":0.5,"bulkLoss":0.1}',
  );
});

test('tables show the spread and what is reached', (t) => {
  const row = '| sentence-torch | saturation | 500 (400–600) | 1 (1–1) | 9 (9–9) | 2 (2–2) | 3 |';
  t.true(loadTable(findings).includes(row));
  t.true(loadTable(findings).includes('| sentence-torch | 75% of transformers.js | 90 (90–90) |'));
  t.true(targetTable(summaryLine(findings)).includes('| saturationRatio | 4 | >= 4 | yes |'));
});
