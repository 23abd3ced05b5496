/**
 * What sentence-torch does, on real weights: embeddings, a similarity matrix, a small semantic search.
 *
 *   npm run demo [-- --text "..." --text "..."] [--device auto|cpu|cuda|cuda:N]
 */
import { parseArgs } from 'node:util';
import { SentenceTorchError, SentenceTransformer, semanticSearch } from '../lib/index.ts';

const sentences = [
  'This is an example sentence',
  'Each sentence is converted',
  'Every phrase is turned into a vector',
  'The cat sat on the mat',
  'A kitten is lying on the rug',
  'Stock prices fell sharply on Tuesday',
];

const corpus = [
  'Paris is the capital of France.',
  'Water boils at 100 degrees Celsius at sea level.',
  'The mitochondrion produces most of the energy of a cell.',
  'TorchScript models can be run without Python.',
  'A balanced diet contains fruit, vegetables and whole grains.',
  'The Eiffel Tower was built for the world fair of 1889.',
];

const queries = [
  'Which city is the French seat of government?',
  'What should I eat to stay healthy?',
];

interface Arguments {
  model: string;
  device: string;
  texts: string[];
}

/** Wrong arguments: one line, and exit code 2. */
class UsageError extends Error {}

function readArguments(): Arguments {
  const options = {
    text: { type: 'string', multiple: true },
    device: { type: 'string', default: 'auto' },
    model: { type: 'string' },
  } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.model === undefined)
      throw new Error('--model <folder> is missing: npm run demo gives it');
    return { model: values.model, device: values.device, texts: values.text ?? [] };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new UsageError(`demo: ${reason}`);
  }
}

/** Cuts a text to a width, for tables. */
function shorten(text: string, width: number): string {
  const characters = [...text.replaceAll(/\s+/g, ' ')];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

function milliseconds(since: number): string {
  return `${(performance.now() - since).toFixed(1)} ms`;
}

/** The similarity of every text with every other. */
function printMatrix(texts: readonly string[], scores: Float32Array): void {
  const column = (index: number): string => `[${index}]`.padStart(7);
  console.log(`\nSimilarity${' '.repeat(34)}${texts.map((_, index) => column(index)).join('')}`);
  texts.forEach((text, row) => {
    const label = `[${row}] ${shorten(text, 38)}`.padEnd(44);
    const values = texts.map((_, col) =>
      (scores[row * texts.length + col] ?? 0).toFixed(3).padStart(7),
    );
    console.log(`${label}${values.join('')}`);
  });
}

async function search(model: SentenceTransformer): Promise<void> {
  const started = performance.now();
  const [corpusEmbeddings, queryEmbeddings] = await Promise.all([
    model.encode(corpus),
    model.encode(queries),
  ]);
  const results = await semanticSearch(queryEmbeddings, corpusEmbeddings, { topK: 2 });
  console.log(`\nSemantic search in ${corpus.length} texts (${milliseconds(started)})`);
  queries.forEach((query, index) => {
    console.log(`  ${query}`);
    for (const { corpusId, score } of results[index] ?? []) {
      console.log(`    ${score.toFixed(3)}  ${corpus[corpusId]}`);
    }
  });
}

async function main(): Promise<void> {
  const { model: folder, device, texts } = readArguments();
  const loading = performance.now();
  const model = await SentenceTransformer.load(folder, { device });
  console.log(`Model      ${model.name}`);
  console.log(`Dimension  ${model.dimension}`);
  console.log(`Device     ${model.device}`);
  console.log(`Loaded in  ${milliseconds(loading)}`);

  const chosen = texts.length > 0 ? texts : sentences;
  const encoding = performance.now();
  const embeddings = await model.encode(chosen);
  console.log(`Encoded    ${chosen.length} texts in ${milliseconds(encoding)}`);
  console.log();
  chosen.forEach((text, index) => {
    const start = Array.from(embeddings[index]?.subarray(0, 4) ?? [], (value) => value.toFixed(4));
    console.log(`[${index}] ${shorten(text, 38).padEnd(40)} [${start.join(', ')}, ...]`);
  });
  const similarity = await model.similarity(embeddings, embeddings);
  printMatrix(chosen, similarity.data);
  if (texts.length === 0) await search(model);
  await model.dispose();
}

main().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  if (usage) console.error(error.message);
  else if (error instanceof SentenceTorchError) console.error(`${error.code}: ${error.message}`);
  else console.error(error);
  process.exitCode = usage ? 2 : 1;
});
