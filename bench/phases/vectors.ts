import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Slice } from '../contender/engine/protocol.ts';
import type { EngineProcess } from '../contender/engine-process.ts';
import { cosine } from '../workload/cosine.ts';

/** Embeddings of a list of texts, row by row. */
export interface Vectors {
  readonly data: Float32Array;
  readonly dimension: number;
}

/** What a contender makes of the texts. */
export async function vectorsOf(
  engine: EngineProcess,
  slice: Slice & { batch?: number },
): Promise<Vectors> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sentence-torch-bench-'));
  try {
    const out = path.join(folder, 'vectors.f32');
    const { dimension } = await engine.ask('vectors', { ...slice, out });
    const bytes = await readFile(out);
    const data = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    );
    return { data, dimension };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const row = ({ data, dimension }: Vectors, i: number): Float32Array =>
  data.subarray(i * dimension, (i + 1) * dimension);

export interface Agreement {
  readonly minCosine: number;
  readonly maxAbsDiff: number;
}

/** How far two contenders' embeddings of the same texts are apart. NaN if they are no embeddings of one model. */
export function compareVectors(ours: Vectors, theirs: Vectors): Agreement {
  const worse = { minCosine: Number.NaN, maxAbsDiff: Number.NaN };
  if (ours.data.length !== theirs.data.length || ours.dimension !== theirs.dimension) return worse;
  // NaN never compares as larger: it must not pass for agreement.
  const cosines = Array.from({ length: ours.data.length / ours.dimension }, (_, i) =>
    cosine(row(ours, i), row(theirs, i)),
  );
  const minCosine = cosines.reduce((least, value) => (value >= least ? least : value), 1);
  const maxAbsDiff = ours.data.reduce((most, value, i) => {
    const difference = Math.abs(value - (theirs.data[i] as number));
    return difference <= most ? most : difference;
  }, 0);
  return { minCosine, maxAbsDiff };
}

/** Cosine similarities of all pairs among the first `count` texts. */
export function similarities(vectors: Vectors, count: number): Float64Array {
  const pairs = new Float64Array((count * (count - 1)) / 2);
  let next = 0;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) pairs[next++] = cosine(row(vectors, i), row(vectors, j));
  }
  return pairs;
}
