import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createError } from '../errors.ts';
import { cacheDir } from '../util/cache-dir.ts';
import { type FileEntry, type Manifest, manifestName, parseManifest } from './manifest.ts';
import { measure } from './measure.ts';

/** A model folder with a manifest that can be read. Of its other files nothing is known yet. */
export interface ModelFolder {
  readonly path: string;
  readonly manifest: Manifest;
}

/** Finds the folder, or the model of that name in the cache, and reads its manifest. */
export async function openModelFolder(folderOrName: string): Promise<ModelFolder> {
  const folder = await findFolder(folderOrName);
  const manifestPath = path.join(folder, manifestName);
  return {
    path: folder,
    manifest: parseManifest(await readManifest(manifestPath), manifestPath),
  };
}

/** The path of one of the folder's files, once its size and sha256 are what the manifest says. */
export async function verifiedPath(
  folder: ModelFolder,
  name: keyof Manifest['files'],
): Promise<string> {
  const file = path.join(folder.path, name);
  await verify(file, folder.manifest.files[name] as FileEntry);
  return file;
}

async function findFolder(folderOrName: string): Promise<string> {
  const candidates = [path.resolve(folderOrName), path.join(cacheDir(), 'models', folderOrName)];
  for (const candidate of candidates) {
    if (await isDirectory(candidate)) return candidate;
  }
  throw createError(
    'ST_MODEL_NOT_FOUND',
    `There is no model folder ${JSON.stringify(folderOrName)}. Looked for ${candidates.join(' and ')}. ` +
      'Make one with `npm run export -- <hub id or folder> <model folder>`.',
  );
}

async function isDirectory(candidate: string): Promise<boolean> {
  try {
    return (await stat(candidate)).isDirectory();
  } catch {
    return false;
  }
}

async function readManifest(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw createError(
      'ST_MODEL_NOT_FOUND',
      `${path.dirname(file)} is no sentence-torch model folder: ${manifestName} can't be read. ` +
        'Make a model folder of a SentenceTransformer with `npm run export -- <hub id or folder> <model folder>`.',
      { cause: error },
    );
  }
}

async function verify(file: string, entry: FileEntry): Promise<void> {
  let found: FileEntry;
  try {
    found = await measure(file, entry.bytes);
  } catch (error) {
    throw createError('ST_MODEL_DAMAGED', `${file} can't be read. Export the model again.`, {
      cause: error,
    });
  }
  if (found.bytes !== entry.bytes || found.sha256 !== entry.sha256) {
    throw createError(
      'ST_MODEL_DAMAGED',
      `${file} is not the file that sentence-torch.json names: it has ${found.bytes} bytes and sha256 ${found.sha256}, ` +
        `wanted ${entry.bytes} and ${entry.sha256}. Copy or export the model again.`,
    );
  }
}
