import path from 'node:path';
import { checkCosine } from './encode/options.ts';
import { createError, withCallerStack } from './errors.ts';
import { type ModelFolder, openModelFolder, verifiedPath } from './model-store/model-folder.ts';
import { completeFolder, createFolder } from './model-store/new-folder.ts';
import { type NarrowDtype, narrowModel } from './native/narrow.ts';
import { checkSame } from './optimize-check.ts';
import { checkNames, checkSignal, show } from './util/check.ts';
import { abortError, hasFired } from './util/signal.ts';

/** Options of {@link optimizeModel}. */
export interface OptimizeOptions {
  /** What to store the weights of linear layers in. */
  dtype: 'bfloat16' | 'int8';
  /** As in load(): take a `dtype` below its floor. Such a folder is loaded with `acceptCosine` too. */
  acceptCosine?: number;
  /** Reject with `ST_ABORTED` when it fires, and leave nothing behind. */
  signal?: AbortSignal;
}

/** What {@link optimizeModel} did. */
export interface OptimizeResult {
  /** Weights that were converted; layers that share one count once. */
  readonly weights: number;
  /** Size of the source's model.pt. */
  readonly bytesBefore: number;
  /** Size of the new one. */
  readonly bytesAfter: number;
}

/**
 * Converts a float32 model folder once, into a smaller one at `output` that load() gives in `dtype` with no option: the
 * weights of linear layers are stored in `dtype`; embeddings, norms and biases stay float32. It is computed with exactly the
 * weights that loading the source with that `dtype` gives, and compared with it before the folder appears.
 *
 * The new folder can't be loaded as float32 again, so keep the source. `output` must not exist, or be empty.
 *
 * ```ts
 * await optimizeModel('models/my-model', 'models/my-model-int8', { dtype: 'int8' });
 * const model = await SentenceTransformer.load('models/my-model-int8');
 * ```
 *
 * @throws ST_WRITE_FAILED, ST_INVALID_INPUT, ST_INVALID_OPTION, ST_UNKNOWN_OPTION, ST_LOW_ACCURACY, ST_ABORTED, and what load() throws
 */
export async function optimizeModel(
  folderOrName: string,
  output: string,
  options: OptimizeOptions,
): Promise<OptimizeResult> {
  return withCallerStack(optimizeModel, async () => {
    checkPath(folderOrName, "the path of a model folder, or a model's name");
    checkPath(output, 'the path of the folder to write');
    const checked = checkOptions(options);
    const source = await openModelFolder(folderOrName);
    checkFloat32(source, checked.dtype);
    let result: OptimizeResult | undefined;
    await createFolder(output, async (folder) => {
      result = await convert(source, folder, checked);
    });
    return result as OptimizeResult;
  });
}

async function convert(
  source: ModelFolder,
  folder: string,
  { dtype, acceptCosine, signal }: CheckedOptions,
): Promise<OptimizeResult> {
  const modelPath = await verifiedPath(source, 'model.pt');
  checkAborted(signal);
  const weights = await narrowModel(modelPath, path.join(folder, 'model.pt'), dtype);
  if (weights === 0) {
    throw createError(
      'ST_INVALID_OPTION',
      `dtype is '${dtype}', but ${source.path} has no linear layer with float32 weights to store so.`,
    );
  }
  const { files } = await completeFolder(folder, source, { dtype });
  checkAborted(signal);
  await checkSame(source.path, folder, dtype, acceptCosine);
  checkAborted(signal);
  return {
    weights,
    bytesBefore: source.manifest.files['model.pt'].bytes,
    bytesAfter: files['model.pt'].bytes,
  };
}

function checkFloat32({ path: folder, manifest }: ModelFolder, dtype: NarrowDtype): void {
  if (manifest.dtype === 'float32') return;
  throw createError(
    'ST_INVALID_OPTION',
    `dtype is '${dtype}', but ${folder} holds ${manifest.dtype} weights already. Give the float32 folder that it was ` +
      'made from.',
  );
}

function checkPath(value: unknown, wanted: string): void {
  if (typeof value === 'string' && value !== '') return;
  throw createError(
    'ST_INVALID_INPUT',
    `optimizeModel() was given ${show(value)}. Give ${wanted}.`,
  );
}

interface CheckedOptions {
  readonly dtype: NarrowDtype;
  readonly acceptCosine: number | undefined;
  readonly signal: AbortSignal | undefined;
}

function checkOptions(options: OptimizeOptions): CheckedOptions {
  const names = { dtype: true, acceptCosine: true, signal: true } as const;
  const given = checkNames<OptimizeOptions>(options, names, 'optimizeModel()');
  const { dtype, acceptCosine, signal } = given;
  if (dtype !== 'bfloat16' && dtype !== 'int8') {
    throw createError('ST_INVALID_OPTION', `dtype is ${show(dtype)}. Give 'bfloat16' or 'int8'.`);
  }
  return { dtype, acceptCosine: checkCosine(acceptCosine), signal: checkSignal(signal) };
}

function checkAborted(signal: AbortSignal | undefined): void {
  if (hasFired(signal)) throw abortError(signal, 'optimizeModel()');
}
