/** The rank of each value; equal values share the mean of their ranks. */
function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i);
  order.sort((a, b) => (values[a] as number) - (values[b] as number));
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (const index of order.subarray(from, to)) result[index] = (from + to - 1) / 2;
    from = to;
  }
  return result;
}

function pearson(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number =>
    values.reduce((sum, x) => sum + x, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squareA, squareB] = [0, 0, 0];
  a.forEach((value, i) => {
    const [x, y] = [value - meanA, (b[i] as number) - meanB];
    both += x * y;
    squareA += x * x;
    squareB += y * y;
  });
  return both / Math.sqrt(squareA * squareB);
}

/** Spearman's rank correlation: 1 if `a` and `b` put everything in the same order. */
export function spearman(a: Float64Array, b: Float64Array): number {
  return pearson(ranks(a), ranks(b));
}
