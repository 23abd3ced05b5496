/**
 * Compares sentence-torch with Python's sentence-transformers on the same weights and texts. Exits 1 beyond the limits.
 *
 *   npm run parity [-- --model minilm|founding] [--device cpu|cuda] [--texts 1000]
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SentenceTransformer } from '../lib/index.ts';
import { runPython } from './models/export.ts';
import { foundingModel } from './models/founding.ts';
import { fetchModel, type ModelFolders } from './models/model.ts';
import { parityTexts } from './parity/texts.ts';

/** Largest difference of any value that float32 may show against Python on the CPU. */
const limits: Record<string, number> = { cpu: 1e-5, cuda: 1e-4 };
const minCosine = 0.999999;

const models: Record<string, (report: (line: string) => void) => Promise<ModelFolders>> = {
  minilm: (report) => fetchModel('all-MiniLM-L6-v2', { report }),
  founding: (report) => foundingModel(report),
};

interface Agreement {
  readonly texts: number;
  readonly minCosine: number;
  readonly maxAbsDiff: number;
}

function compare(ours: Float32Array, theirs: Float32Array, dimension: number): Agreement {
  if (ours.length !== theirs.length) {
    throw new Error(`sentence-torch gave ${ours.length} values, Python ${theirs.length}.`);
  }
  let minCosine = 1;
  let maxAbsDiff = 0;
  for (let start = 0; start < ours.length; start += dimension) {
    let [dot, squareOurs, squareTheirs] = [0, 0, 0];
    for (let i = start; i < start + dimension; i++) {
      const [a, b] = [ours[i] as number, theirs[i] as number];
      // NaN never compares as larger: it must not pass for agreement.
      maxAbsDiff = Number.isNaN(a - b) ? Number.NaN : Math.max(maxAbsDiff, Math.abs(a - b));
      dot += a * b;
      squareOurs += a * a;
      squareTheirs += b * b;
    }
    minCosine = Math.min(minCosine, dot / Math.sqrt(squareOurs * squareTheirs));
  }
  return { texts: ours.length / dimension, minCosine, maxAbsDiff };
}

async function encodeWithPython(source: string, texts: readonly string[]): Promise<Float32Array> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sentence-torch-parity-'));
  try {
    const [input, output] = [path.join(folder, 'texts.json'), path.join(folder, 'embeddings.f32')];
    await writeFile(input, JSON.stringify(texts));
    await runPython('sentence_torch_export.reference', [source, input, output]);
    const bytes = await readFile(output);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const usage =
  'usage: npm run parity -- [--model minilm|founding] [--device cpu|cuda] [--texts N, at least 100]';

/** Wrong arguments: one line, and exit code 2. */
class UsageError extends Error {}

function readArguments() {
  const options = {
    model: { type: 'string', default: 'minilm' },
    device: { type: 'string', default: 'cpu' },
    texts: { type: 'string', default: '1000' },
  } as const;
  let values: { model: string; device: string; texts: string };
  try {
    ({ values } = parseArgs({ options }));
  } catch {
    throw new UsageError(usage);
  }
  const prepare = Object.hasOwn(models, values.model) ? models[values.model] : undefined;
  const limit = limits[values.device.split(':')[0] ?? ''];
  const count = Number(values.texts);
  if (!prepare || limit === undefined || !Number.isSafeInteger(count) || count < 100) {
    throw new UsageError(usage);
  }
  return { prepare, limit, count, device: values.device };
}

async function main(): Promise<void> {
  const { prepare, limit, count, device } = readArguments();
  const { source, model: folder } = await prepare((line) => console.error(line));
  const texts = parityTexts(count);
  console.error(`encoding ${texts.length} texts with sentence-torch on ${device}`);
  await using model = await SentenceTransformer.load(folder, { device });
  const { data } = await model.encode(texts, { convertToTensor: true, showProgressBar: true });
  console.error(`encoding ${texts.length} texts with Python`);
  const agreement = compare(data, await encodeWithPython(source, texts), model.dimension);
  console.log(JSON.stringify(agreement));
  if (!(agreement.minCosine >= minCosine && agreement.maxAbsDiff <= limit)) {
    console.error(`Beyond the limits: minCosine >= ${minCosine}, maxAbsDiff <= ${limit}.`);
    process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
