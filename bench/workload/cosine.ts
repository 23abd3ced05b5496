/** The cosine between two embeddings; NaN if they are not of one length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, squareA, squareB] = [0, 0, 0];
  a.forEach((value, i) => {
    const other = b[i] ?? Number.NaN;
    dot += value * other;
    squareA += value * value;
    squareB += other * other;
  });
  return a.length === b.length ? dot / Math.sqrt(squareA * squareB) : Number.NaN;
}
