import { type EncodedTexts, encodeTexts } from './encode/encode.ts';
import {
  checkLoadOptions,
  type EncodeDefaults,
  type EncodeOptions,
  type LoadOptions,
  type ResolvedEncodeOptions,
  resolveEncodeOptions,
  resolveStreamOptions,
} from './encode/options.ts';
import { choosePrompt } from './encode/prompts.ts';
import { encodeWindows } from './encode/stream.ts';
import { checkIterable, checkText, copyTexts } from './encode/texts.ts';
import { callerStackOf, createError, withCallerStack } from './errors.ts';
import type { Manifest, SimilarityFunction } from './model-store/manifest.ts';
import { type ModelFolder, openModelFolder, verifiedPath } from './model-store/model-folder.ts';
import { loadAddon } from './native/addon.ts';
import type { Dtype } from './native/dtype.ts';
import { Session } from './native/session.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import type { Stats } from './scheduler/stats.ts';
import type { Embeddings, Tensor } from './search/embeddings.ts';
import { type CompareOptions, checkCompareOptions } from './search/options.ts';
import { similarity } from './search/similarity.ts';
import { loadTokenizer } from './tokenizer/hugging-face.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';
import { checkNames, ofType, show } from './util/check.ts';

/** Options of {@link SentenceTransformer.encodeStream}: those of encode() that make sense for a stream. */
export type StreamOptions = Omit<EncodeOptions, 'convertToTensor' | 'showProgressBar'>;

/** A pass of the optimiser, and at how many places of the model it changed something. */
export interface Optimization {
  readonly name: string;
  readonly count: number;
  /** Why this pass, or this dtype, is not used: it failed on this model, or its result did not hold when the model was loaded. */
  readonly leftOut?: string;
}

/** Options of {@link SentenceTransformer.dispose}. */
export interface DisposeOptions {
  /** Reject what is not done instead of finishing it. Default: false. */
  abort?: boolean;
}

/** load() has it and nobody else, so that `new` is refused in JavaScript too. */
const loaded = Symbol('loaded');

/**
 * A loaded model. `encode()` may be called any number of times at once: the texts of all callers share batches.
 *
 * ```ts
 * const model = await SentenceTransformer.load('models/my-model');
 * const [a, b] = await model.encode(['How old are you?', 'What is your age?']);
 * await model.dispose();
 * ```
 */
export class SentenceTransformer implements AsyncDisposable {
  readonly #manifest: Manifest;
  readonly #session: Session;
  readonly #scheduler: Scheduler;
  /** Options of encode() without options. */
  readonly #defaults: ResolvedEncodeOptions;
  readonly #active = new Set<Promise<unknown>>();
  #disposed: Promise<void> | undefined;

  private constructor(
    key: typeof loaded,
    manifest: Manifest,
    tokenizer: Tokenizer,
    session: Session,
    options: LoadOptions,
  ) {
    if (key !== loaded) {
      throw createError(
        'ST_INVALID_INPUT',
        'new SentenceTransformer() makes no model. Use: await SentenceTransformer.load(folder).',
      );
    }
    this.#manifest = manifest;
    this.#session = session;
    this.#defaults = resolveEncodeOptions({}, this.#encodeDefaults);
    this.#scheduler = new Scheduler((batch, urgent) => session.run(batch, urgent), tokenizer, {
      name: manifest.name,
      streams: session.streams,
      paddingFree: session.report.paddingFree,
      maxSeqLength: manifest.maxSeqLength,
      maxBatchTokens: this.#maxBatchTokens,
      maxQueuedTexts: options.maxQueuedTexts ?? 100_000,
      maxQueuedTokens: options.maxQueuedTokens ?? Number.POSITIVE_INFINITY,
      maxQueueDelayMs: options.maxQueueDelayMs ?? 0,
    });
  }

  /**
   * Loads a model folder made by `npm run export` or {@link optimizeModel}, or the model of that name in the cache. Every file is verified
   * against the manifest's sha256 before libtorch sees it.
   *
   * @throws ST_MODEL_NOT_FOUND, ST_MODEL_DAMAGED, ST_MODEL_FORMAT, ST_MODEL_REFUSED, ST_DEVICE_UNAVAILABLE,
   * ST_LIBTORCH_NOT_FOUND, ST_LIBTORCH_MISMATCH, ST_ADDON_NOT_FOUND, ST_ADDON_LOAD_FAILED, ST_INVALID_OPTION,
   * ST_UNKNOWN_OPTION, ST_LOW_ACCURACY
   */
  static async load(folderOrName: string, options: LoadOptions = {}): Promise<SentenceTransformer> {
    return withCallerStack(SentenceTransformer.load, async () => {
      if (typeof folderOrName !== 'string' || folderOrName === '') {
        throw createError(
          'ST_INVALID_INPUT',
          `load() was given ${show(folderOrName)}. Give the path of a model folder, or a model's name.`,
        );
      }
      const checked = checkLoadOptions(options);
      const folder = await openModelFolder(folderOrName);
      const [modelPath, tokenizer] = await Promise.all([
        verifiedPath(folder, 'model.pt'),
        openTokenizer(folder),
        openAddon(), // takes as long as the other two
      ]);
      const session = await Session.open(modelPath, folder.manifest, checked);
      return new SentenceTransformer(loaded, folder.manifest, tokenizer, session, checked);
    });
  }

  /** The model's name. */
  get name(): string {
    return this.#manifest.name;
  }

  /** Values per embedding, unless a call has a `truncateDim`. */
  get dimension(): number {
    const { dimension, truncateDim = dimension } = this.#manifest;
    return Math.min(dimension, truncateDim);
  }

  /** Tokens per text, special tokens and prompt included; what is longer is cut, as in Python. */
  get maxSeqLength(): number {
    return this.#manifest.maxSeqLength;
  }

  /** `'cpu'` or `'cuda:N'`. */
  get device(): string {
    return this.#session.device;
  }

  /** How the model is computed: the `dtype` of load(), `'auto'` resolved. */
  get dtype(): Dtype {
    return this.#session.dtype;
  }

  /**
   * What the optimiser did: the passes that changed something, in order, and at how many places; then what had to be left
   * out, and why, of which a process warning with the code `ST_OPTIMIZATION_LEFT_OUT` tells too. Empty with `optimize: false`. The environment variable `SENTENCE_TORCH_DEBUG=graph` prints the graph they made to stderr.
   */
  get optimizations(): readonly Optimization[] {
    const { passes, leftOut } = this.#session.report;
    return [
      ...passes.map((pass) => ({ ...pass })),
      ...leftOut.map(({ name, reason }) => ({ name, count: 0, leftOut: reason })),
    ];
  }

  /** The prompts that `promptName` can name. */
  get prompts(): Readonly<Record<string, string>> {
    return { ...this.#manifest.prompts };
  }

  /** How embeddings of this model are meant to be compared. */
  get similarityFunction(): SimilarityFunction {
    return this.#manifest.similarityFunction;
  }

  /**
   * The embedding of a text, or of each text in order. Never blocks the event loop: tokenization and inference run on
   * other threads.
   *
   * The results are views on one Float32 buffer that native threads wrote; keeping one of them keeps the buffer.
   *
   * @throws ST_INVALID_INPUT, ST_INVALID_OPTION, ST_UNKNOWN_OPTION, ST_UNKNOWN_PROMPT, ST_TOKENIZER_FAILED,
   * ST_FORWARD_FAILED, ST_OUT_OF_MEMORY, ST_OVERLOADED, ST_ABORTED, ST_TIMEOUT, ST_DISPOSED
   */
  encode(
    text: string,
    options?: EncodeOptions & { convertToTensor?: false },
  ): Promise<Float32Array>;
  encode(
    texts: readonly string[],
    options?: EncodeOptions & { convertToTensor?: false },
  ): Promise<Float32Array[]>;
  encode(
    texts: string | readonly string[],
    options: EncodeOptions & { convertToTensor: true },
  ): Promise<Tensor>;
  encode(
    texts: string | readonly string[],
    options?: EncodeOptions & { convertToTensor?: false },
  ): Promise<Float32Array | Float32Array[]>;
  encode(text: string, options?: EncodeOptions): Promise<Float32Array | Tensor>;
  encode(texts: readonly string[], options?: EncodeOptions): Promise<Float32Array[] | Tensor>;
  encode(
    texts: string | readonly string[],
    options?: EncodeOptions,
  ): Promise<Float32Array | Float32Array[] | Tensor>;
  encode(
    texts: string | readonly string[],
    options?: EncodeOptions,
  ): Promise<Float32Array | Float32Array[] | Tensor> {
    return withCallerStack(this.encode, () => this.#encode(texts, options));
  }

  /** Not async: what can't be taken is thrown at once. */
  #encode(
    texts: string | readonly string[],
    options: EncodeOptions | undefined,
  ): Promise<Float32Array | Float32Array[] | Tensor> {
    this.#checkOpen();
    const list = copyTexts(texts);
    const resolved =
      options === undefined ? this.#defaults : resolveEncodeOptions(options, this.#encodeDefaults);
    const prompt = choosePrompt(this.#manifest, resolved);
    return this.#run(list, prompt, resolved).then(({ data, rows }) => {
      if (resolved.convertToTensor) {
        const dims =
          typeof texts === 'string' ? [resolved.truncateDim] : [list.length, resolved.truncateDim];
        return { data, dims };
      }
      return typeof texts === 'string' ? (rows[0] as Float32Array) : rows;
    });
  }

  /**
   * Encodes texts as they come and yields their embeddings in order, for corpora larger than memory. Reads a few hundred
   * texts ahead, waits for a slow consumer, and stops reading when the consumer stops. Where the source fails, or gives what
   * is no text, the embeddings before that come first. Works with `stream.Readable.from` and `stream.pipeline`.
   *
   * The texts are work in bulk unless `priority` says otherwise; `timeoutMs` counts for each few hundred of them. The
   * embeddings of so many share a buffer: copy those that you keep for long.
   *
   * @throws as encode()
   */
  encodeStream(
    texts: Iterable<string> | AsyncIterable<string>,
    options: StreamOptions = {},
  ): AsyncGenerator<Float32Array, void, undefined> {
    this.#checkOpen();
    checkIterable(texts);
    const resolved = resolveStreamOptions(options, this.#encodeDefaults);
    const prompt = choosePrompt(this.#manifest, resolved);
    const encode = async (window: string[], signal: AbortSignal) => {
      const { rows } = await this.#run(window, prompt, { ...resolved, signal });
      return rows;
    };
    const mark = callerStackOf(this.encodeStream);
    return encodeWindows(texts, checkText, encode, resolved.signal, mark);
  }

  /** What was done since the model was loaded, and what waits now. The same is published on diagnostics channels. */
  stats(): Stats {
    return this.#scheduler.stats();
  }

  /**
   * Scores every embedding of `a` against every one of `b` with the model's similarity function. Higher is more alike.
   * Otherwise as the function {@link similarity}.
   */
  similarity(a: Embeddings, b: Embeddings, options: CompareOptions = {}): Promise<Tensor> {
    return withCallerStack(this.similarity, () => {
      const signal = checkCompareOptions(options, 'similarity()');
      const { similarityFunction } = this;
      return similarity(a, b, signal ? { similarityFunction, signal } : { similarityFunction });
    });
  }

  /**
   * Refuses new work, finishes what was asked for (or, with `abort`, rejects what is not done with `ST_DISPOSED`), ends the
   * threads and frees the weights. Safe to repeat; a later `abort` cuts an earlier dispose() short.
   */
  dispose(options: DisposeOptions = {}): Promise<void> {
    return withCallerStack(this.dispose, () => this.#dispose(options));
  }

  #dispose(options: DisposeOptions): Promise<void> {
    const given = checkNames<DisposeOptions>(options, { abort: true }, 'dispose()');
    if (ofType(given, 'abort', 'boolean')) {
      this.#scheduler.abortAll(() =>
        createError('ST_DISPOSED', 'The model was disposed before this was done.'),
      );
    }
    this.#disposed ??= Promise.allSettled(this.#active).then(() => this.#session.dispose());
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #checkOpen(): void {
    if (this.#disposed) throw createError('ST_DISPOSED', 'The model was disposed. Load it again.');
  }

  get #encodeDefaults(): EncodeDefaults {
    return {
      dimension: this.#manifest.dimension,
      truncateDim: this.dimension,
      maxBatchTokens: this.#maxBatchTokens,
    };
  }

  get #maxBatchTokens(): number {
    return this.device === 'cpu' ? 512 : 16384;
  }

  /** Not async: what can't be taken is thrown at once. dispose() waits for what is taken. */
  #run(
    texts: readonly string[],
    prompt: string,
    options: ResolvedEncodeOptions,
  ): Promise<EncodedTexts> {
    this.#checkOpen();
    const work = encodeTexts(this.#scheduler, texts, prompt, options);
    this.#active.add(work);
    return work.finally(() => this.#active.delete(work));
  }
}

async function openTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  return loadTokenizer(await verifiedPath(folder, 'tokenizer.json'), folder.manifest.maxSeqLength);
}

/** On this thread, but after what reads files has begun to. */
async function openAddon(): Promise<void> {
  loadAddon();
}
