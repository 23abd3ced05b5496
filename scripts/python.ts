import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of this checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The Python of the checkout's own environment; made by scripts/bootstrap.mjs. */
export const venvPython = path.join(
  root,
  '.venv',
  process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
);

function works(command: string): boolean {
  return spawnSync(command, ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0;
}

/** A Python with pip: `SENTENCE_TORCH_PYTHON`, the checkout's environment, or the system's. */
export function findPython(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.SENTENCE_TORCH_PYTHON) return env.SENTENCE_TORCH_PYTHON;
  if (existsSync(venvPython)) return venvPython;
  return ['python3', 'python'].find(works);
}

/** How a command ended. */
export interface Outcome {
  ok: boolean;
  /** The end of what it wrote to standard error. */
  errors: string;
}

const KEPT = 8000;

/** Runs a command to its end. Its standard output goes to our standard error, so that ours stays a result. */
export function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; quiet?: boolean } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: options.env ?? process.env,
      stdio: ['ignore', options.quiet ? 'ignore' : process.stderr, 'pipe'],
    });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (!options.quiet) process.stderr.write(chunk);
      errors = (errors + chunk.toString()).slice(-KEPT);
    });
    child.on('error', (error) => resolve({ ok: false, errors: error.message }));
    child.on('close', (code, signal) => {
      const ended = signal === null ? '' : `ended by ${signal}`;
      resolve({ ok: code === 0, errors: errors.trim() || ended });
    });
  });
}
