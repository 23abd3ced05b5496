import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
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

/** Removes folders that killed runs left beside `entry`. Only for the one who holds its lock. */
async function sweep(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix))
      await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Fills a new folder and renames it to `entry` when `fill` has succeeded: `entry` is there complete or not at all.
 * The caller holds the lock of `entry`.
 */
export async function installFolder(
  entry: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const parent = path.dirname(entry);
  const prefix = `.${path.basename(entry)}.new-`;
  await mkdir(parent, { recursive: true });
  await sweep(parent, prefix);
  const folder = await mkdtemp(path.join(parent, prefix));
  try {
    await fill(folder);
    await rm(entry, { recursive: true, force: true });
    await rename(folder, entry);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
