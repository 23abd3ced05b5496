import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinnedVersion } from '../../lib/native/libtorch.ts';
import { cachedModel } from '../../scripts/models/export.ts';
import { python, pythonPackages, requirements } from './python.ts';

const script = fileURLToPath(new URL('../python/export_onnx.py', import.meta.url));

/** Changes with everything that the export depends on. */
function onnxKey(source: string): string {
  const hash = createHash('sha256').update(`${pinnedVersion()}\0${path.basename(source)}`);
  for (const file of [script, requirements]) hash.update('\0').update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/** The ONNX forms of a source folder's weights, made once and kept in the cache. */
export async function onnxModel(
  name: string,
  source: string,
  report: (line: string) => void,
): Promise<string> {
  const packages = await pythonPackages(report);
  return cachedModel(`onnx-${name}-${onnxKey(source)}`, async (folder) => {
    report(`making the ONNX forms of ${name} with Python (a minute or two)`);
    await python('Exporting to ONNX', [script, source, folder], { PYTHONPATH: packages });
  });
}
