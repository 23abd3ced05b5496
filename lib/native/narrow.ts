import { loadAddon } from './addon.ts';
import type { Dtype } from './dtype.ts';
import { fromNative } from './native-error.ts';

/** A dtype that weights can be stored in to save space. */
export type NarrowDtype = Exclude<Dtype, 'float32'>;

/** Writes the verified model file again with the weights of its linear layers in `dtype`. Resolves with how many. */
export async function narrowModel(
  modelPath: string,
  outputPath: string,
  dtype: NarrowDtype,
): Promise<number> {
  try {
    return await loadAddon().narrow({ modelPath, outputPath, dtype });
  } catch (error) {
    throw fromNative(error);
  }
}
