import { createError } from '../../lib/errors.ts';
import {
  type LibtorchFolder,
  readLibtorchFolder,
  variantFits,
} from '../../lib/native/libtorch-folder.ts';

/** What must come out of an archive or a wheel. */
export interface Wanted {
  version: string;
  variant: string;
  platform: NodeJS.Platform;
}

/** Fails unless `directory` holds a libtorch of the wanted version and variant. */
export function assertWanted(directory: string, wanted: Wanted, origin: string): LibtorchFolder {
  const folder = readLibtorchFolder(directory, wanted.platform);
  if (typeof folder === 'string') {
    throw createError('ST_LIBTORCH_MISMATCH', `${origin} is not a usable libtorch: ${folder}.`);
  }
  if (folder.version !== wanted.version || !variantFits(folder.variant, wanted.variant)) {
    throw createError(
      'ST_LIBTORCH_MISMATCH',
      `${origin} is refused: it is the ${folder.variant} build ${folder.build}, but ${wanted.version} for ${wanted.variant} is wanted.`,
    );
  }
  return folder;
}
