import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { findPython, run } from '../python.ts';

/** Wheels that pip has brought, or why it has not. */
export type PipResult = { wheels: string[] } | { problem: string };

export interface PipRequest {
  requirements: readonly string[];
  /** An empty or new folder for the wheels. */
  target: string;
  /** Also bring what the requirements themselves require. */
  dependencies?: boolean;
  /** Added to the indexes of the user's own pip configuration. */
  extraIndex?: string;
  python?: string;
  quiet?: boolean;
}

/** The line of pip's complaint that says what is wrong. */
function lastError(errors: string): string {
  const lines = errors.split('\n').filter((line) => line.startsWith('ERROR:'));
  return (lines[0] ?? errors.split('\n').at(-1) ?? '').replace(/^ERROR:\s*/, '') || 'it failed';
}

/**
 * `pip download` of wheels only: nothing is built, no code of a package runs. pip checks what it brings against the
 * hashes of the index.
 */
export async function pipDownload(request: PipRequest): Promise<PipResult> {
  const python = request.python ?? findPython();
  if (python === undefined) return { problem: 'there is no Python 3 with pip' };
  await mkdir(request.target, { recursive: true });
  const args = ['-m', 'pip', 'download', '--only-binary=:all:', '--disable-pip-version-check'];
  if (!request.dependencies) args.push('--no-deps');
  if (request.extraIndex) args.push('--extra-index-url', request.extraIndex);
  args.push('--dest', request.target, ...request.requirements);
  const outcome = await run(python, args, { quiet: request.quiet ?? false });
  if (!outcome.ok) return { problem: `pip: ${lastError(outcome.errors)}` };
  const names = (await readdir(request.target)).filter((name) => name.endsWith('.whl'));
  return { wheels: names.sort().map((name) => path.join(request.target, name)) };
}
