/**
 * Scales a vector to length 1 in place. As torch.nn.functional.normalize: a length under 1e-12 counts as 1e-12, so that
 * a zero vector stays zero.
 */
export function normalizeInPlace(vector: Float32Array): void {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] as number;
    sum += value * value;
  }
  const length = Math.max(Math.sqrt(sum), 1e-12);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / length;
}
