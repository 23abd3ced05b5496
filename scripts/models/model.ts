import { readlink, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { cachedModel, exportKey, runPython } from './export.ts';
import { readManifest } from './manifest.ts';
import { fetchSource, type SourceOptions } from './source.ts';

/** A model in both forms: as Python's library reads it, and exported for sentence-torch. */
export interface ModelFolders {
  source: string;
  model: string;
}

/** Fetches, verifies and exports a model of `models/`; does nothing for what the cache has. */
export async function fetchModel(name: string, options: SourceOptions = {}): Promise<ModelFolders> {
  const manifest = readManifest(name);
  const source = await fetchSource(manifest, options);
  const key = exportKey(JSON.stringify(manifest.files), ['sentence_torch_export']);
  const exportIt = async (folder: string): Promise<void> => {
    options.report?.(`exporting ${name} with Python (half a minute)`);
    await runPython('sentence_torch_export', [source, folder]);
  };
  const model = await cachedModel(`${name}-${key}`, exportIt, options.env);
  await nameModel(name, model);
  return { source, model };
}

/** Makes `SentenceTransformer.load(name)` find the newest export: a link of that name beside it. */
async function nameModel(name: string, model: string): Promise<void> {
  const link = path.join(path.dirname(model), name);
  const before = await readlink(link).catch(() => undefined);
  if (before !== undefined && path.resolve(path.dirname(link), before) === model) return;
  const fresh = `${link}.${process.pid}`;
  await symlink(model, fresh, 'junction');
  await rm(link, { recursive: true, force: true });
  await rename(fresh, link);
}
