import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinnedVersion } from '../../lib/native/libtorch.ts';
import { cachedModel } from '../../scripts/models/export.ts';
import { run, venvPython } from '../../scripts/python.ts';

const benchDir = fileURLToPath(new URL('..', import.meta.url));
const requirements = path.join(benchDir, 'requirements.txt');
const script = path.join(benchDir, 'python', 'export_onnx.py');

/** Changes with everything that the export depends on. */
function onnxKey(source: string): string {
  const hash = createHash('sha256').update(`${pinnedVersion()}\0${path.basename(source)}`);
  for (const file of [script, requirements]) hash.update('\0').update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

async function python(what: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const outcome = await run(venvPython, args, { quiet: true, env: { ...process.env, ...env } });
  if (!outcome.ok) throw new Error(`${what} failed: ${outcome.errors}`);
}

/**
 * The ONNX form of a source folder's weights, made once and kept in the cache. The packages for that are installed beside
 * it and removed again: the checkout's Python environment stays as it is.
 */
export function onnxModel(
  name: string,
  source: string,
  report: (line: string) => void,
): Promise<string> {
  return cachedModel(`onnx-${name}-${onnxKey(source)}`, async (folder) => {
    report(`making the ONNX form of ${name} with Python (a minute)`);
    const packages = path.join(folder, '.python');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    await python('pip', [...pip, '--target', packages, '-r', requirements]);
    await python('Exporting to ONNX', [script, source, folder], { PYTHONPATH: packages });
    await rm(packages, { recursive: true });
  });
}
