/** Bar charts as SVG: readable on light and dark pages, since text is a grey that both show. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What the middle 80% of the rounds lie between. */
  readonly low: number;
  readonly high: number;
  /** Ours. */
  readonly accent: boolean;
}

export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const size = { width: 760, label: 240, value: 110, bar: 18, gap: 8, head: 44, foot: 14 } as const;
const color = { text: '#7d8590', accent: '#2f81f7', other: '#9aa4af', whisker: '#57606a' } as const;

function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] as string);
}

/** Three digits are all that a chart can show. */
const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));

function text(x: number, y: number, anchor: string, words: string, more = ''): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${more}>${escapeXml(words)}</text>`;
}

function barOf(bar: Bar, y: number, scale: (value: number) => number): string {
  const middle = y + size.bar / 2;
  const [length, low, high] = [scale(bar.value), scale(bar.low), scale(bar.high)];
  const fill = bar.accent ? color.accent : color.other;
  const x = (offset: number): string => (size.label + offset).toFixed(1);
  return [
    text(size.label - 8, middle + 4, 'end', bar.label),
    `<rect x="${size.label}" y="${y}" width="${length.toFixed(1)}" height="${size.bar}" rx="2" fill="${fill}"/>`,
    `<path d="M${x(low)} ${middle}H${x(high)}" stroke="${color.whisker}" stroke-width="2"/>`,
    text(size.label + Math.max(length, high) + 8, middle + 4, 'start', shown(bar.value)),
  ].join('\n');
}

/** One bar for each row; the thin line on it is the spread. */
export function barChart({ title, unit, bars }: Chart): string {
  const room = size.width - size.label - size.value;
  const most = Math.max(...bars.map(({ value, high }) => Math.max(value, high)), Number.MIN_VALUE);
  const scale = (value: number): number => (Math.max(0, value) / most) * room;
  const height = size.head + bars.length * (size.bar + size.gap) + size.foot;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-label="${escapeXml(title)}" font-family="system-ui, sans-serif" font-size="13" fill="${color.text}">`,
    text(0, 18, 'start', title, ' font-size="15" font-weight="600"'),
    text(0, 35, 'start', unit, ' font-size="12"'),
    ...bars.map((bar, i) => barOf(bar, size.head + i * (size.bar + size.gap), scale)),
    '</svg>\n',
  ].join('\n');
}
