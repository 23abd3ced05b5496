/** The largest difference of any value; NaN if any is not a number, which no limit lets pass. */
export function maxAbsDiff(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
): number {
  if (a.length !== b.length) return Number.NaN;
  let max = 0;
  a.forEach((row, i) => {
    const other = b[i] as ArrayLike<number>;
    if (row.length !== other.length) max = Number.NaN;
    for (let j = 0; j < row.length; j++) {
      const difference = Math.abs((row[j] as number) - (other[j] as number));
      max = Number.isNaN(difference) ? Number.NaN : Math.max(max, difference);
    }
  });
  return max;
}
