import type { LoadOptions } from '../encode/options.ts';
import { createError } from '../errors.ts';

/** How a model is computed. */
export type Dtype = 'float32' | 'bfloat16' | 'int8';

/** What the choice depends on. */
export interface DtypeHardware {
  readonly device: string;
  /** Whether the CPU computes bfloat16 in hardware. */
  readonly bfloat16: boolean;
}

/**
 * The dtype to load a model in. `'auto'` is the fastest one whose embeddings have a cosine of at least 0.9995 to those of
 * float32, so never int8.
 */
export function chooseDtype(
  { dtype = 'float32', optimize = true }: Pick<LoadOptions, 'dtype' | 'optimize'>,
  { device, bfloat16 }: DtypeHardware,
): Dtype {
  if (dtype === 'auto') {
    const converts = device === 'cpu' && optimize !== false && !disables(optimize, 'linear');
    return converts && bfloat16 ? 'bfloat16' : 'float32';
  }
  if (dtype === 'float32') return dtype;
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
  return dtype;
}

function disables(optimize: LoadOptions['optimize'], pass: string): boolean {
  return typeof optimize === 'object' && optimize.disable.includes(pass);
}
