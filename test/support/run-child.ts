import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
  /** Of Date.now(). */
  readonly endedAt: number;
}

/** Runs `node <args>` from the checkout's folder to its end; killed after `limitMs`. */
export function runNode(
  args: readonly string[],
  { env = {}, limitMs = 60_000 }: { env?: NodeJS.ProcessEnv; limitMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    // Not what ava gives its own processes, such as --import=tsx: a user's process has none of it.
    const { NODE_OPTIONS: _, ...inherited } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({
        code,
        signal,
        stdout,
        stderr,
        ms: performance.now() - started,
        endedAt: Date.now(),
      }),
    );
  });
}
