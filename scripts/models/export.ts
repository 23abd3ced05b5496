import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createError } from '../../lib/errors.ts';
import { pinnedVersion } from '../../lib/native/libtorch.ts';
import { cacheDir } from '../../lib/util/cache-dir.ts';
import { installFolder } from '../download/install.ts';
import { withLock } from '../download/lock.ts';
import { root, run, venvPython } from '../python.ts';

const pythonDir = path.join(root, 'scripts', 'python');

function pythonFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.py'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Changes with everything that an export depends on: the given text, Python modules, their requirements, torch. */
export function exportKey(source: string, modules: readonly string[]): string {
  const hash = createHash('sha256').update(`${pinnedVersion()}\0${source}`);
  const files = modules.flatMap((name) => pythonFiles(path.join(pythonDir, name)));
  for (const file of [...files, path.join(pythonDir, 'requirements.txt')]) {
    hash.update(`\0${path.relative(pythonDir, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

/** Runs one of the repository's Python modules in the checkout's environment. */
export async function runPython(module: string, args: readonly string[]): Promise<void> {
  if (!existsSync(venvPython)) {
    throw createError(
      'ST_MODEL_NOT_FOUND',
      'Exporting needs the Python environment .venv of this checkout, which `npm run demo` makes.',
    );
  }
  const env = { ...process.env, PYTHONPATH: pythonDir };
  const outcome = await run(venvPython, ['-m', module, ...args], { env, quiet: true });
  if (outcome.ok) return;
  const command = `python -m ${module} ${args.join(' ')}`;
  throw createError('ST_MODEL_NOT_FOUND', `${command} failed: ${outcome.errors}`);
}

/**
 * The folder `<cache>/models/<name>`, filled by `fill` once. It appears complete or not at all; two processes that
 * want it do the work once.
 */
export async function cachedModel(
  name: string,
  fill: (folder: string) => Promise<void>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const entry = path.join(cacheDir(env), 'models', name);
  if (existsSync(entry)) return entry;
  return withLock(entry, async () => {
    if (!existsSync(entry)) await installFolder(entry, fill);
    return entry;
  });
}
