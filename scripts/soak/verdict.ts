/** What a figure must be. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number };

/**
 * Prints the figures of a driver as a JSON line, says on standard error which of them are beyond their limits, and makes the
 * process exit with 1 if any is. A figure that is not a number is beyond every limit.
 */
export function conclude<Figures extends Record<string, number>>(
  soak: string,
  figures: Figures,
  limits: { readonly [Name in keyof Figures]?: Limit },
): void {
  const beyond = Object.entries<Limit | undefined>(limits).flatMap(([name, limit]) => {
    const value = figures[name] ?? Number.NaN;
    if (limit === undefined) return [];
    if ('atMost' in limit) return value <= limit.atMost ? [] : [`${name} <= ${limit.atMost}`];
    return value >= limit.atLeast ? [] : [`${name} >= ${limit.atLeast}`];
  });
  const rounded = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1000) / 1000]),
  );
  console.log(JSON.stringify({ soak, ok: beyond.length === 0, ...rounded }));
  for (const line of beyond) console.error(`${soak}: wanted ${line}`);
  if (beyond.length > 0) process.exitCode = 1;
}

/** The value of `--<name> N` on the command line. */
export function sizeOption(name: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`--${name} is ${JSON.stringify(text)}. Give a whole number of at least 1.`);
  }
  return value;
}
