/**
 * What the bench and an engine's process say to each other, in the envelopes of requests.ts: one JSON object a line, requests
 * on standard input, replies on file descriptor 3; the one with id 0 tells { loadMs }. Node engines (child.ts) and Python
 * ones (python/engine.py) speak it alike.
 */

/** What an engine's process is started with. */
export interface Start {
  engine: 'sentence-torch' | 'transformers.js' | 'fastembed' | 'onnxruntime' | 'torch' | 'onnx';
  /** The arithmetic, in the library's own words: float32, bfloat16, int8; fp32, q8. */
  dtype: string;
  /** The weights in the form that the library reads. */
  folder: string;
  /** The ONNX file in `folder`, for libraries of which one is told. */
  graph: string;
  /** A tokenizer.json that cuts as the model does and does not pad. */
  tokenizer: string;
  /** The entry of this library, for its own engine. */
  library: string;
  maxTokens: number;
  /** The option of this library, for its own engine. Absent: its default. */
  optimize?: false | { disable: readonly string[] };
  /** Threads of one forward. Absent: the library's default. */
  threads?: number;
  /** Forwards at once, where the library does not decide itself. */
  sessions?: number;
}

/** Texts `from`, `from + 1`, ... of a JSON file, which starts again at its end. */
export interface Slice {
  texts: string;
  from: number;
  count: number;
}

/** What the process can be asked for: options and result of each. */
export interface Tasks {
  /** One bulk call for all texts. `batch`: texts, or for onnxruntime tokens, of one forward. */
  encode: { options: Slice & { batch?: number }; result: { ms: number } };
  /** One text after the other. */
  single: { options: Slice; result: { latenciesMs: number[] } };
  /** Embeddings as little-endian float32 rows, written to the file `out`. */
  vectors: { options: Slice & { batch?: number; out: string }; result: { dimension: number } };
  /** The most memory that the process ever held. */
  memory: { options: Record<string, never>; result: { peakRssMB: number } };
  /** The times of each thread, and where the JavaScript thread spent its own, during `encode`. Node on Linux only. */
  profile: { options: Slice; result: Profile };
  versions: { options: Record<string, never>; result: Record<string, string> };
}

/** What a thread did during a call. */
export interface ThreadTimes {
  name: string;
  /** `main` runs JavaScript, `runtime` was there before the library was loaded, `library` came with it. */
  origin: 'main' | 'runtime' | 'library';
  cpuMs: number;
  /** Ready to run, but without a core. */
  waitMs: number;
}

export interface Profile {
  wallMs: number;
  threads: ThreadTimes[];
  /** Samples of the JavaScript thread by source file or native part; idle ones left out. */
  samples: Record<string, number>;
}
