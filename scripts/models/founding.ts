/**
 * Builds and exports the founding stack at full size with random weights: BERT, mean pooling, Dense 768 -> 256 with
 * Tanh, max_seq_length 256. Prints the folder of the exported model.
 *
 *   npx tsx scripts/models/founding.ts
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isCoded } from '../download/download.ts';
import { cachedModel, exportKey, runPython } from './export.ts';
import type { ModelFolders } from './model.ts';

const modules = ['sentence_torch_export', 'fixtures'];

/** The founding stack in both forms, made once. */
export async function foundingModel(report?: (line: string) => void): Promise<ModelFolders> {
  const key = exportKey('founding', modules);
  const source = await cachedModel(`founding-source-${key}`, async (folder) => {
    report?.('making the founding stack with random weights');
    await runPython('fixtures', ['founding', folder]);
  });
  const model = await cachedModel(`founding-${key}`, async (folder) => {
    report?.('exporting the founding stack with Python (a few minutes)');
    await runPython('sentence_torch_export', [source, folder]);
  });
  return { source, model };
}

if (import.meta.url === pathToFileURL(path.resolve(process.argv[1] ?? '')).href) {
  foundingModel((line) => console.error(`founding: ${line}`)).then(
    ({ model }) => console.log(model),
    (error: unknown) => {
      console.error(isCoded(error) ? `${error.code}: ${error.message}` : error);
      process.exitCode = 1;
    },
  );
}
