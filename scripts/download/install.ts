import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

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
  const folder = path.join(parent, prefix + randomUUID());
  await mkdir(folder);
  try {
    await fill(folder);
    await rm(entry, { recursive: true, force: true });
    await rename(folder, entry);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
