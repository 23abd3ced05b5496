import type { RemoteContender } from '../contender/remote.ts';
import { cosine } from '../workload/cosine.ts';

const limit = 0.9999;

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
