import type { RemoteContender } from '../contender/remote.ts';

const limit = 0.9999;

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, squareA, squareB] = [0, 0, 0];
  a.forEach((value, i) => {
    const other = b[i] ?? Number.NaN;
    dot += value * other;
    squareA += value * value;
    squareB += other * other;
  });
  return dot / Math.sqrt(squareA * squareB);
}

/** The smallest cosine between the contenders' embeddings of the same texts. Throws if they do not do the same work. */
export async function checkAgreement(ours: RemoteContender, theirs: RemoteContender) {
  const question = { count: 100, seed: 5 };
  const [a, b] = [await ours.ask('vectors', question), await theirs.ask('vectors', question)];
  const cosines = a.map((row, i) => cosine(row, b[i] ?? new Float32Array()));
  const worst = cosines.reduce((least, value) => (value >= least ? least : value), 1);
  if (!(worst >= limit)) {
    throw new Error(
      `The contenders' embeddings differ: cosine ${worst}, at least ${limit} wanted.`,
    );
  }
  return worst;
}
