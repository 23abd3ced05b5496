import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parityTexts } from '../../scripts/parity/texts.ts';
import { encoderOf, ours, reference } from '../contender/encoders.ts';
import type { Ground } from '../prepare/ground.ts';
import { makePool } from '../prepare/pools.ts';
import { spearman } from '../workload/correlation.ts';
import { rounded } from '../workload/numbers.ts';
import { openEngine } from './contest.ts';
import { expectedOf } from './encode.ts';
import { compareVectors, similarities, type Vectors, vectorsOf } from './vectors.ts';

/** How far a contender is from Python's float32 on many texts. */
export interface AccuracyLine {
  bench: 'accuracy';
  contender: string;
  texts: number;
  minCosine: number;
  maxAbsDiff: number;
  /** Of all pairwise similarities of the first texts. */
  spearman: number;
}

/** Whose arithmetic is judged; each stands for all contenders with the same weights and kernels. */
const judged = [
  ours,
  'sentence-torch bfloat16',
  'sentence-torch int8',
  'onnxruntime-node, tuned fp32',
  'onnxruntime-node, tuned q8',
];

/**
 * First questions and longer texts in turn, whose similarities are ranked; then, one in five, what tokenizers and models
 * trip over.
 */
async function accuracyTexts(ground: Ground, count: number): Promise<string[]> {
  const short = await makePool(ground.model, 'short', ground.folder);
  const mixed = await makePool(ground.model, 'mixed', ground.folder);
  const awkward = parityTexts(Math.max(100, Math.floor(count / 5))).slice(0, Math.floor(count / 5));
  const ordinary = Array.from({ length: count - awkward.length }, (_, i) => {
    const { texts } = i % 2 === 0 ? short : mixed;
    return texts[(i >> 1) % texts.length] as string;
  });
  return [...ordinary, ...awkward];
}

interface Question {
  readonly texts: string;
  readonly count: number;
  readonly expected: Vectors;
  /** Pairwise similarities by Python. */
  readonly order: Float64Array;
  readonly ranked: number;
}

async function judge(ground: Ground, name: string, question: Question): Promise<AccuracyLine> {
  using engine = await openEngine(ground, encoderOf(name), { threads: 1 });
  const { texts, count, expected, order, ranked } = question;
  const vectors = await vectorsOf(engine, { texts, from: 0, count });
  const { minCosine, maxAbsDiff } = compareVectors(vectors, expected);
  const line = { bench: 'accuracy', contender: name, texts: count } as const;
  const agreement = { minCosine: Number(minCosine.toFixed(7)), maxAbsDiff: rounded(maxAbsDiff) };
  const rank = spearman(similarities(vectors, ranked), order);
  return { ...line, ...agreement, spearman: Number(rank.toFixed(6)) };
}

/** Everyone's embeddings of the same texts against Python's. */
export async function measureAccuracy(ground: Ground): Promise<AccuracyLine[]> {
  const count = ground.plan.accuracyTexts;
  ground.report(`accuracy on ${count} texts (${reference} first)`);
  const texts = path.join(ground.folder, 'accuracy.json');
  await writeFile(texts, JSON.stringify(await accuracyTexts(ground, count)));
  const expected = await expectedOf(ground, texts, count);
  const ranked = Math.min(1000, Math.floor(count / 2));
  const order = similarities(expected, ranked);
  const lines: AccuracyLine[] = [];
  for (const name of judged) {
    try {
      lines.push(await judge(ground, name, { texts, count, expected, order, ranked }));
    } catch (error) {
      ground.report(`accuracy of ${name}: not available: ${String(error)}`);
    }
  }
  return lines;
}
