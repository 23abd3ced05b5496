import { availableParallelism } from 'node:os';
import type { Addon, Session as NativeSession, OptimizationReport } from '../../binding.d.ts';
import type { LoadOptions } from '../encode/options.ts';
import { createError } from '../errors.ts';
import type { Manifest } from '../model-store/manifest.ts';
import type { BatchItem, RunningBatch } from '../scheduler/batch-runner.ts';
import { loadAddon } from './addon.ts';
import { chooseDtype, type Dtype, dtypeOf, leastCosine } from './dtype.ts';
import { fromNative } from './native-error.ts';

/** A model loaded on a device, with its streams. */
export class Session {
  /** `'cpu'` or `'cuda:N'`. */
  readonly device: string;
  /** Batches that run at once. */
  readonly streams: number;
  /** The one in use. */
  readonly dtype: Dtype;
  /** What the optimiser did. */
  readonly report: OptimizationReport;
  readonly #native: NativeSession;

  private constructor(
    native: NativeSession,
    settings: Pick<Session, 'device' | 'streams' | 'dtype' | 'report'>,
  ) {
    this.#native = native;
    this.device = settings.device;
    this.streams = settings.streams;
    this.dtype = settings.dtype;
    this.report = settings.report;
  }

  /** Loads the verified model file. `options` are checked. */
  static async open(modelPath: string, manifest: Manifest, options: LoadOptions): Promise<Session> {
    const addon = loadAddon();
    const device = chooseDevice(addon, options.device ?? 'auto');
    const { streams, intraOpThreads } = chooseThreads(device, options);
    const { bfloat16 } = native(() => addon.cpu());
    const dtype = chooseDtype(options, { device, bfloat16, stored: manifest.dtype });
    const { optimize = true } = options;
    const session = native(
      () =>
        new addon.Session({
          modelPath,
          device,
          dimension: manifest.dimension,
          maxSeqLength: manifest.maxSeqLength,
          padTokenId: manifest.padding.tokenId,
          padLeft: manifest.padding.side === 'left',
          tokenTypeIds: manifest.inputs.includes('token_type_ids'),
          streams,
          intraOpThreads,
          dtype,
          optimize: optimize !== false,
          disabledPasses: typeof optimize === 'object' ? optimize.disable : [],
          minCosine: options.acceptCosine ?? leastCosine[dtype],
          mayFallBack: options.dtype === undefined || options.dtype === 'auto',
        }),
    );
    try {
      const report = await session.load();
      if (process.env.SENTENCE_TORCH_DEBUG === 'graph') printGraph(manifest.name, report);
      const computed = dtypeOf(dtype, report, options);
      warnOfLeftOut(manifest.name, report);
      return new Session(session, { device, streams, dtype: computed, report });
    } catch (error) {
      await session.dispose();
      throw fromNative(error);
    }
  }

  /** Runs one batch. An urgent one goes before prepared ones that are not. */
  run(items: readonly BatchItem[], urgent: boolean): RunningBatch {
    const { ids, lengths, rows } = flat(items);
    const { done, batch } = native(() => this.#native.run(ids, lengths, rows, urgent));
    return {
      done: done.catch((error: unknown) => {
        throw fromNative(error);
      }),
      waits: () => this.#native.waits(batch),
      extend: (more) => {
        const { ids, lengths, rows } = flat(more);
        return native(() => this.#native.extend(batch, ids, lengths, rows));
      },
      cancel: (places) => native(() => this.#native.cancel(batch, Int32Array.from(places))),
    };
  }

  /** Ends the streams and frees the weights. */
  dispose(): Promise<void> {
    return this.#native.dispose();
  }
}

/** The ids of all texts end to end, how many each has, and where each embedding goes. */
function flat(items: readonly BatchItem[]) {
  const lengths = Int32Array.from(items, (item) => item.ids.length);
  const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const item of items) {
    ids.set(item.ids, offset);
    offset += item.ids.length;
  }
  return { ids, lengths, rows: items.map((item) => item.row) };
}

function printGraph(name: string, { passes, leftOut, graph }: OptimizationReport): void {
  const counts = passes.map((pass) => `${pass.name} x ${pass.count}`).join(', ') || 'none';
  const without = leftOut.map((one) => `left out: ${one.name}, ${one.reason}\n`).join('');
  process.stderr.write(`sentence-torch: ${name}\npasses: ${counts}\n${without}${graph}\n`);
}

const warned = new Set<string>();

/** Each once in a process: a server may load a model often. */
function warnOfLeftOut(model: string, { leftOut }: OptimizationReport): void {
  for (const { name, reason } of leftOut) {
    const warning =
      name in leastCosine
        ? `${model} is computed in float32, not in ${name}: ${reason}. acceptCosine would take it.`
        : `${model} runs without the optimisation '${name}': ${reason}. Its embeddings are right; please report this.`;
    if (warned.has(warning)) continue;
    warned.add(warning);
    process.emitWarning(warning, { code: 'ST_OPTIMIZATION_LEFT_OUT' });
  }
}

/** Calls the addon. */
function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

function chooseDevice(addon: Addon, wanted: string): string {
  const gpus = addon.devices().cuda;
  if (wanted === 'cpu' || (wanted === 'auto' && gpus === 0)) return 'cpu';
  const index = Number(wanted.split(':')[1] ?? 0);
  if (index >= gpus) {
    throw createError(
      'ST_DEVICE_UNAVAILABLE',
      `device is '${wanted}', but libtorch finds ${gpus === 0 ? 'no CUDA device' : `only ${gpus} CUDA device(s), from cuda:0`}. ` +
        "It needs an NVIDIA driver and a CUDA build of libtorch (SENTENCE_TORCH_VARIANT=cu130). device: 'cpu' always works.",
    );
  }
  return `cuda:${index}`;
}

/** Many streams of few threads give the best throughput on the CPU; a GPU runs one batch at a time. */
function chooseThreads(
  device: string,
  options: LoadOptions,
): { streams: number; intraOpThreads: number } {
  const cores = availableParallelism();
  const streams = options.streams ?? (device === 'cpu' ? cores : 1);
  const intraOpThreads = options.intraOpThreads ?? Math.max(1, Math.floor(cores / streams));
  return { streams, intraOpThreads };
}
