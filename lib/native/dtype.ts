import type { OptimizationReport } from '../../binding.d.ts';
import type { LoadOptions } from '../encode/options.ts';
import { createError } from '../errors.ts';

/** How a model is computed, and how the weights of its linear layers are stored. */
export type Dtype = 'float32' | 'bfloat16' | 'int8';

/** The least cosine to float32 that a dtype may have, of the texts that a load tries, unless `acceptCosine` says otherwise. */
export const leastCosine: Readonly<Record<Dtype, number>> = {
  float32: 0,
  bfloat16: 0.9995,
  int8: 0.98,
};

/** What the choice depends on besides the options. */
export interface DtypeCircumstances {
  readonly device: string;
  /** Whether the CPU computes bfloat16 in hardware. */
  readonly bfloat16: boolean;
  /** What the model folder holds. */
  readonly stored: Dtype;
}

type DtypeOptions = Pick<LoadOptions, 'dtype' | 'optimize'>;

/**
 * The dtype to load a model in. Of a float32 folder `'auto'` is the fastest one whose embeddings have a cosine of at least
 * 0.9995 to those of float32, so never int8. Of a narrow folder it is the folder's.
 */
export function chooseDtype(options: DtypeOptions, circumstances: DtypeCircumstances): Dtype {
  const { device, bfloat16, stored } = circumstances;
  const { dtype = stored === 'float32' ? 'float32' : 'auto', optimize = true } = options;
  if (dtype === 'auto') {
    const fastest = stored === 'float32' && bfloat16 ? 'bfloat16' : stored;
    return device === 'cpu' && converts(optimize) ? fastest : 'float32';
  }
  checkStored(dtype, stored);
  if (dtype !== 'float32') checkConvertible(dtype, device, optimize);
  return dtype;
}

/** What a model turned out to be computed in: float32 if it has no layer that could be converted, or if `chosen` gave way. */
export function dtypeOf(
  chosen: Dtype,
  { layers, leftOut }: Pick<OptimizationReport, 'layers' | 'leftOut'>,
  { dtype = chosen }: DtypeOptions,
): Dtype {
  if (leftOut.some(({ name }) => name === chosen)) return 'float32';
  if (layers > 0 || chosen === 'float32') return chosen;
  if (dtype === 'auto') return 'float32';
  throw createError(
    'ST_INVALID_OPTION',
    `dtype is '${dtype}', but the optimiser finds no linear layer in this model that it can convert. Leave dtype out.`,
  );
}

/** What was rounded away is lost. */
function checkStored(dtype: Dtype, stored: Dtype): void {
  if (stored === 'float32' || dtype === stored) return;
  throw createError(
    'ST_INVALID_OPTION',
    `dtype is '${dtype}', but this model folder holds ${stored} weights. Leave dtype out, or load the float32 folder ` +
      'that it was made from.',
  );
}

function checkConvertible(dtype: Dtype, device: string, optimize: LoadOptions['optimize']): void {
  if (device !== 'cpu') {
    throw createError(
      'ST_INVALID_OPTION',
      `dtype is '${dtype}', but on ${device} there is only 'float32' yet. Leave dtype out, or give device: 'cpu'.`,
    );
  }
  if (optimize === false) {
    throw createError(
      'ST_INVALID_OPTION',
      `dtype is '${dtype}' and optimize is false, but it is the optimiser that converts. Leave one of them out.`,
    );
  }
}

function converts(optimize: LoadOptions['optimize']): boolean {
  return typeof optimize === 'object' ? !optimize.disable.includes('linear') : optimize !== false;
}
