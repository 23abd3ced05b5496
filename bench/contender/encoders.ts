import type { Start } from './engine/protocol.ts';

/** How a contender is driven; what is absent is the library's default. */
export interface Setting extends Pick<Start, 'threads' | 'sessions'> {
  /** Texts, or for onnxruntime tokens, of one forward. */
  batch?: number;
}

export type Arithmetic = 'float32' | 'bfloat16' | 'int8';

/** One row of the results. */
export interface Encoder extends Pick<Start, 'engine' | 'dtype' | 'optimize'> {
  readonly name: string;
  /** What its matrix products are held against. */
  readonly arithmetic: Arithmetic;
  /** Driven so, whatever is faster: a row of the tables, for comparison; it has no line of its own. */
  readonly fixed?: Setting;
}

/** What fails this against Python is not the same model, and no ratio is taken to it. */
export const leastCosine: Record<Arithmetic, number> = {
  float32: 0.9999,
  bfloat16: 0.95,
  int8: 0.95,
};

/** The contender that others are held against. */
export const ours = 'sentence-torch float32';

/** Whose embeddings are right. */
export const reference = 'sentence-transformers torch';

export const encoders: readonly Encoder[] = [
  row(ours, 'sentence-torch', 'float32', 'float32'),
  row('sentence-torch bfloat16', 'sentence-torch', 'bfloat16', 'bfloat16'),
  row('sentence-torch int8', 'sentence-torch', 'int8', 'int8'),
  row('transformers.js fp32', 'transformers.js', 'fp32', 'float32'),
  row('transformers.js q8', 'transformers.js', 'q8', 'int8'),
  {
    ...row('transformers.js fp32, batch 32', 'transformers.js', 'fp32', 'float32'),
    fixed: { batch: 32 },
  },
  row('fastembed', 'fastembed', 'fp32', 'float32'),
  row('onnxruntime-node, tuned fp32', 'onnxruntime', 'fp32', 'float32'),
  row('onnxruntime-node, tuned q8', 'onnxruntime', 'q8', 'int8'),
  row(reference, 'torch', 'float32', 'float32'),
  row('sentence-transformers onnx', 'onnx', 'fp32', 'float32'),
];

export function encoderOf(name: string): Encoder {
  const encoder = encoders.find((one) => one.name === name);
  if (encoder === undefined) throw new Error(`There is no contender ${name}.`);
  return encoder;
}

function row(
  name: string,
  engine: Start['engine'],
  dtype: string,
  arithmetic: Arithmetic,
): Encoder {
  return { name, engine, dtype, arithmetic };
}

const batches: Partial<Record<Start['engine'], readonly number[]>> = {
  'transformers.js': [1, 8, 32, 64],
  fastembed: [1, 8, 32],
  onnxruntime: [256, 512, 1024, 2048, 4096],
  torch: [8, 16, 32, 64, 128],
  onnx: [1, 8, 16, 32, 64],
};

/** Ways to start the process, of which the fastest is kept. Libraries that are not here decide themselves. */
function starts(engine: Start['engine'], cores: number, oneByOne: boolean): Setting[] {
  const threads = [...new Set([1, cores])];
  if (engine === 'transformers.js') return threads.map((n) => ({ threads: n }));
  if (engine !== 'onnxruntime') return [{}];
  if (oneByOne) return threads.map((n) => ({ sessions: 1, threads: n }));
  return [
    { sessions: 1, threads: cores },
    ...(cores > 1 ? [{ sessions: cores, threads: 1 }] : []),
    ...(cores > 3 ? [{ sessions: 2, threads: Math.floor(cores / 2) }] : []),
  ];
}

/** What to try. */
export interface Choice {
  readonly cores: number;
  /** One text at a time: there is nothing to batch. */
  readonly oneByOne: boolean;
  /** Every other batch size only. */
  readonly few: boolean;
}

/** The settings to try: for each way to start the process, batch sizes in rising order. */
export function settingsOf(encoder: Encoder, { cores, oneByOne, few }: Choice) {
  if (encoder.fixed) return [{ start: {}, batches: [encoder.fixed.batch] }];
  const sizes = oneByOne ? [undefined] : (batches[encoder.engine] ?? [undefined]);
  const tried = sizes.filter((_, i) => !few || i % 2 === 0);
  return starts(encoder.engine, cores, oneByOne).map((start) => ({ start, batches: tried }));
}
