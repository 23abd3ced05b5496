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
    options.report?.(`exporting ${name} with Python`);
    await runPython('sentence_torch_export', [source, folder]);
  };
  return { source, model: await cachedModel(`${name}-${key}`, exportIt, options.env) };
}
