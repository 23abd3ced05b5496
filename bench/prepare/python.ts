import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cachedModel } from '../../scripts/models/export.ts';
import { run, venvPython } from '../../scripts/python.ts';

export const requirements = fileURLToPath(new URL('../requirements.txt', import.meta.url));

/** Runs the checkout's Python to its end. */
export async function python(what: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const outcome = await run(venvPython, args, { quiet: true, env: { ...process.env, ...env } });
  if (!outcome.ok) throw new Error(`${what} failed: ${outcome.errors}`);
}

/**
 * The folder with Python's packages of the bench, made once and kept in the cache: for PYTHONPATH, so that the checkout's
 * environment stays as it is.
 */
export function pythonPackages(report: (line: string) => void): Promise<string> {
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  return cachedModel(`bench-python-${key}`, async (folder) => {
    report('installing the Python packages of bench/');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    await python('pip', [...pip, '--target', folder, '-r', requirements]);
  });
}
