import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createError } from '../errors.ts';
import { cacheDir } from '../util/cache-dir.ts';
import { type FileEntry, type Manifest, modelFiles, parseManifest } from './manifest.ts';

/** A model folder whose files are what its manifest says. */
export interface ModelFolder {
  readonly path: string;
  readonly manifest: Manifest;
  readonly modelPath: string;
  readonly tokenizerPath: string;
}

const manifestName = 'sentence-torch.json';

/** Finds the folder, or the model of that name in the cache, and verifies size and sha256 of each file. */
export async function openModelFolder(folderOrName: string): Promise<ModelFolder> {
  const folder = await findFolder(folderOrName);
  const manifestPath = path.join(folder, manifestName);
  const manifest = parseManifest(await readManifest(manifestPath), manifestPath);
  await Promise.all(
    modelFiles.map((name) => verify(path.join(folder, name), manifest.files[name])),
  );
  return {
    path: folder,
    manifest,
    modelPath: path.join(folder, 'model.pt'),
    tokenizerPath: path.join(folder, 'tokenizer.json'),
  };
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
    found = await measure(file);
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

async function measure(file: string): Promise<FileEntry> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), async (chunks) => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  });
  return { sha256: hash.digest('hex'), bytes };
}
