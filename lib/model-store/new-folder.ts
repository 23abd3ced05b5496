import { randomUUID } from 'node:crypto';
import {
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { createError, isErrorCode } from '../errors.ts';
import { type Manifest, manifestName } from './manifest.ts';
import { measure } from './measure.ts';
import { type ModelFolder, verifiedPath } from './model-folder.ts';

/**
 * Fills a hidden folder beside `output` and renames it once `fill` has succeeded: `output` is there complete or not at
 * all. Only nothing or an empty folder may stand there. Throws ST_WRITE_FAILED.
 */
export async function createFolder(
  output: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const place = path.resolve(output);
  const staging = path.join(path.dirname(place), `.${path.basename(place)}.${randomUUID()}.tmp`);
  try {
    await checkFree(place);
    await mkdir(path.dirname(place), { recursive: true });
    await mkdir(staging); // not recursive: where nothing can be made, such as /proc, Node would try for ever
    try {
      await fill(staging);
      await removeEmpty(place);
      await rename(staging, place);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  } catch (error) {
    throw isSystemError(error) ? writeFailed(place, error.message, error) : error;
  }
}

/** Makes `folder`, which has a model.pt of its own, a model folder: with the other files of `source` and a manifest. */
export async function completeFolder(
  folder: string,
  source: ModelFolder,
  changed: Pick<Manifest, 'dtype'>,
): Promise<Manifest> {
  const files = { ...source.manifest.files };
  for (const name of Object.keys(files)) {
    const file = path.join(folder, name);
    if (name === 'model.pt') files[name] = await measure(file, files[name].bytes);
    else await copyFile(await verifiedPath(source, name), file);
    await sync(file);
  }
  const manifest = { ...source.manifest, ...changed, files };
  const file = path.join(folder, manifestName);
  await writeFile(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
  await sync(file);
  return manifest;
}

async function checkFree(place: string): Promise<void> {
  const found = await ignoring('ENOENT', lstat(place));
  if (found === undefined) return;
  if (!found.isDirectory()) throw writeFailed(place, 'it exists and is no folder');
  if ((await readdir(place)).length > 0) throw writeFailed(place, 'it exists and is not empty');
}

/** Windows renames no folder onto another. */
async function removeEmpty(place: string): Promise<void> {
  await ignoring('ENOENT', rmdir(place));
}

/** So that a crash of the machine can't leave a published folder with empty files. */
async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function ignoring<T>(code: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isSystemError(error) && error.code === code) return undefined;
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && 'syscall' in error && 'code' in error && !isErrorCode(error.code)
  );
}

function writeFailed(place: string, why: string, cause?: unknown): Error {
  return createError(
    'ST_WRITE_FAILED',
    `${place} can't be written: ${why}. Give a new or empty folder that you may write to.`,
    { cause },
  );
}
