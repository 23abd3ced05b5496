import type { Encoder } from './encoders.ts';

/** Forms of sentence-torch float32 that differ in the passes of its optimiser; the first one has all. */
export interface Series {
  readonly name: 'alone' | 'cumulative';
  readonly variants: readonly [Encoder, ...Encoder[]];
}

function variant(name: string, optimize: Exclude<Encoder['optimize'], undefined>): Encoder {
  return { name, engine: 'sentence-torch', dtype: 'float32', arithmetic: 'float32', optimize };
}

/**
 * Each pass switched off alone, and one pass after the other switched on. Two series, so that fewer processes hold the
 * weights at once.
 */
export function seriesOf(passes: readonly string[]): Series[] {
  const all = variant('all passes', { disable: [] });
  const alone = passes.map((name) => variant(`without ${name}`, { disable: [name] }));
  const growing = passes
    .slice(0, -1) // with the last one it is all passes
    .map((name, i) => variant(`+ ${name}`, { disable: passes.slice(i + 1) }));
  return [
    { name: 'alone', variants: [all, ...alone, variant('optimize: false', false)] },
    { name: 'cumulative', variants: [all, variant('no pass', { disable: passes }), ...growing] },
  ];
}
