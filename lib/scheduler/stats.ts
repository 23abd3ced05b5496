import diagnosticsChannel from 'node:diagnostics_channel';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Half of all values lie below `p50`, 99 of 100 below `p99`; `count` is how many there were. */
export interface Percentiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a model has done since it was loaded, and what waits now. Times are milliseconds. */
export interface Stats {
  /** Texts asked for and not written yet. */
  readonly queuedTexts: number;
  /** Their tokens; estimated from their characters until they are tokenized. */
  readonly queuedTokens: number;
  /** Batches given to the streams: running, or prepared. */
  readonly runningBatches: number;
  /** Texts whose embedding was written. */
  readonly texts: number;
  /** Their tokens, padding not counted. */
  readonly tokens: number;
  /** Tokens computed for them, padding included. */
  readonly paddedTokens: number;
  /** Share of the computed tokens that was padding: 0 where the model runs without. */
  readonly paddingShare: number;
  readonly batches: number;
  /** Calls refused because the queue was full. */
  readonly overloaded: number;
  /** Calls ended by their signal. */
  readonly aborted: number;
  /** Calls ended by their timeoutMs. */
  readonly timedOut: number;
  /** Calls rejected for any other reason. */
  readonly failed: number;
  /** From encode() to the stream, per text. */
  readonly waitMs: Percentiles;
  /** Per batch of texts given to the tokenizer. */
  readonly tokenizeMs: Percentiles;
  /** Per batch, from its hand-over to its result: it may wait for a stream in between. */
  readonly runMs: Percentiles;
  /** Texts per batch. */
  readonly batchTexts: Percentiles;
  /** Computed tokens per batch. */
  readonly batchTokens: Percentiles;
}

/** Message of the diagnostics channel `sentence-torch:batch`, after each batch. */
export interface BatchEvent {
  readonly model: string;
  readonly texts: number;
  readonly tokens: number;
  readonly paddedTokens: number;
  readonly priority: 'interactive' | 'bulk';
  readonly runMs: number;
  readonly error?: unknown;
}

/** Message of `sentence-torch:tokenize`, after each batch of texts. */
export interface TokenizeEvent {
  readonly model: string;
  readonly texts: number;
  readonly ms: number;
}

/** Message of `sentence-torch:call`, when a call is over; `code` is that of its error. */
export interface CallEvent {
  readonly model: string;
  readonly texts: number;
  readonly priority: 'interactive' | 'bulk';
  readonly ms: number;
  readonly code?: string;
}

const channels = {
  batch: diagnosticsChannel.channel('sentence-torch:batch'),
  tokenize: diagnosticsChannel.channel('sentence-torch:tokenize'),
  call: diagnosticsChannel.channel('sentence-torch:call'),
};

/** Histograms hold whole numbers from 1: times are kept in microseconds. */
const perMs = 1000;

type CallCounter = 'overloaded' | 'aborted' | 'timedOut' | 'failed';

const counterOf: Record<string, CallCounter> = {
  ST_OVERLOADED: 'overloaded',
  ST_ABORTED: 'aborted',
  ST_TIMEOUT: 'timedOut',
};

/** Counts what happens, and publishes it to those who listen on the diagnostics channels. */
export class Recorder {
  readonly #model: string;
  #texts = 0;
  #tokens = 0;
  #paddedTokens = 0;
  #batches = 0;
  readonly #calls: Record<CallCounter, number> = {
    overloaded: 0,
    aborted: 0,
    timedOut: 0,
    failed: 0,
  };
  readonly #waitUs = createHistogram();
  readonly #tokenizeUs = createHistogram();
  readonly #runUs = createHistogram();
  readonly #batchTexts = createHistogram();
  readonly #batchTokens = createHistogram();

  constructor(model: string) {
    this.#model = model;
  }

  waited(ms: number): void {
    record(this.#waitUs, ms * perMs);
  }

  tokenized(event: Omit<TokenizeEvent, 'model'>): void {
    record(this.#tokenizeUs, event.ms * perMs);
    if (channels.tokenize.hasSubscribers)
      channels.tokenize.publish({ model: this.#model, ...event });
  }

  batch(event: Omit<BatchEvent, 'model'>): void {
    if (event.error === undefined) {
      this.#texts += event.texts;
      this.#tokens += event.tokens;
      this.#paddedTokens += event.paddedTokens;
      this.#batches++;
      record(this.#runUs, event.runMs * perMs);
      record(this.#batchTexts, event.texts);
      record(this.#batchTokens, event.paddedTokens);
    }
    if (channels.batch.hasSubscribers) channels.batch.publish({ model: this.#model, ...event });
  }

  call(event: Omit<CallEvent, 'model'>): void {
    if (event.code !== undefined) this.#calls[counterOf[event.code] ?? 'failed']++;
    if (channels.call.hasSubscribers) channels.call.publish({ model: this.#model, ...event });
  }

  stats(now: Pick<Stats, 'queuedTexts' | 'queuedTokens' | 'runningBatches'>): Stats {
    return {
      ...now,
      texts: this.#texts,
      tokens: this.#tokens,
      paddedTokens: this.#paddedTokens,
      paddingShare: this.#paddedTokens === 0 ? 0 : 1 - this.#tokens / this.#paddedTokens,
      batches: this.#batches,
      ...this.#calls,
      waitMs: percentiles(this.#waitUs, perMs),
      tokenizeMs: percentiles(this.#tokenizeUs, perMs),
      runMs: percentiles(this.#runUs, perMs),
      batchTexts: percentiles(this.#batchTexts),
      batchTokens: percentiles(this.#batchTokens),
    };
  }
}

function record(histogram: RecordableHistogram, value: number): void {
  histogram.record(Math.max(1, Math.round(value)));
}

function percentiles(histogram: RecordableHistogram, unit = 1): Percentiles {
  const { count } = histogram;
  if (count === 0) return { count, mean: 0, p50: 0, p99: 0, max: 0 };
  return {
    count,
    mean: histogram.mean / unit,
    p50: histogram.percentile(50) / unit,
    p99: histogram.percentile(99) / unit,
    max: histogram.max / unit,
  };
}
