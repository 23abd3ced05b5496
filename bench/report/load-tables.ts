import type { Sample } from '../phases/load-rounds.ts';
import type { Setting } from '../phases/load-tune.ts';
import { rounded } from '../workload/numbers.ts';
import { type Findings, grouped, type SummaryLine, spread, targets } from './load-summary.ts';
import { table } from './markdown.ts';
import { withSpread } from './spread.ts';

/** Medians with, in brackets, the values between which the middle 80% of the rounds lie. */
export function loadTable({ samples }: Findings): string {
  const head = ['contender', 'load', 'texts/s', 'p50 ms', 'p99 ms', 'loop p99 ms', 'samples'];
  const rows = grouped(samples).map((group) => {
    const cell = (figure: Parameters<typeof spread>[1]): string =>
      withSpread(spread(group, figure));
    const { contender, of, load } = group[0] as Sample;
    const whose = contender === of ? '' : ` of ${of}`;
    const at = load === 1 ? 'saturation' : `${load * 100}%${whose}`;
    const cells = [cell('textsPerSecond'), cell('p50Ms'), cell('p99Ms'), cell('loopP99Ms')];
    return [contender, at, ...cells, String(group.length)];
  });
  return table(head, rows);
}

export function settingsTable(settings: readonly Setting[], best: Setting): string {
  const rows = settings.map((setting) => [
    String(setting.intraOpThreads),
    String(setting.batchSize),
    `${rounded(setting.textsPerSecond)}${setting === best ? ' (kept)' : ''}`,
  ]);
  return table(['threads', 'batch', 'texts/s'], rows);
}

export function lanesTable({ lanes }: Findings): string {
  const rows = Object.entries(lanes).map(([name, value]) => [name, String(rounded(value))]);
  return table(['lanes', 'value'], rows);
}

/** Each figure of the summary beside what it should be. */
export function targetTable(summary: SummaryLine): string {
  const rows = Object.entries(targets).map(([name, target]) => {
    const value = summary[name as keyof typeof targets];
    const good = 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
    const wanted = 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
    return [name, String(value), wanted, good ? 'yes' : 'no'];
  });
  return table(['figure', 'value', 'target', 'reached'], rows);
}
