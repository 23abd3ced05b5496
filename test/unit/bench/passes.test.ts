import test from 'ava';
import { seriesOf } from '../../../bench/contender/pass-variants.ts';
import type { Measurement } from '../../../bench/phases/encode-rounds.ts';
import type { Finding } from '../../../bench/report/encode-line.ts';
import { passesLines, passesTable } from '../../../bench/report/passes-line.ts';
import { measured } from '../../support/measurement.ts';

const [alone, cumulative] = seriesOf(['a', 'b', 'c']);

const settings = (series = alone) =>
  (series?.variants ?? []).map(({ name, optimize }) => [name, optimize]);

test('each pass is switched off alone, and all of the optimiser', (t) => {
  t.deepEqual(settings(alone), [
    ['all passes', { disable: [] }],
    ['without a', { disable: ['a'] }],
    ['without b', { disable: ['b'] }],
    ['without c', { disable: ['c'] }],
    ['optimize: false', false],
  ]);
});

test('passes are switched on one after the other, up to all', (t) => {
  t.deepEqual(settings(cumulative), [
    ['all passes', { disable: [] }],
    ['no pass', { disable: ['a', 'b', 'c'] }],
    ['+ a', { disable: ['b', 'c'] }],
    ['+ b', { disable: ['c'] }],
  ]);
});

function variant(index: number, rates: readonly number[]): Measurement {
  const encoder = alone?.variants[index];
  if (encoder === undefined) throw new Error(`${index}`);
  return measured(encoder, rates);
}

const finding: Finding = {
  workload: 'mixed',
  model: 'minilm',
  measurements: [variant(0, [400, 800, 600]), variant(1, [200, 200, 200])],
  roofline: { float32: 1.2e9, bfloat16: 2e9, int8: 3e9 },
  missing: {},
};

test('a line tells how much slower it is than with all passes, within rounds', (t) => {
  const [, without] = passesLines('alone', finding);
  t.deepEqual(without, {
    bench: 'passes',
    series: 'alone',
    workload: 'mixed',
    model: 'minilm',
    variant: 'without a',
    textsPerSecond: 20,
    slowdown: { low: 2, median: 3, high: 4 },
    rooflineShare: 0.1667,
    minCosine: 1,
  });
});

test('the table has a row for each variant', (t) => {
  const [, , first, second] = passesTable(finding).split('\n');
  t.is(first, '| all passes | 60 (40–80) |  | 50.0% |');
  t.is(second, '| without a | 20 (20–20) | 3 (2–4) | 16.7% |');
});
