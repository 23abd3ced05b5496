import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { createError } from '../../lib/errors.ts';

export interface LockOptions {
  /** A lock that its owner has not refreshed for so long belongs to a process that is gone. */
  staleMs?: number;
  /** How often to look again while another process holds it. */
  pollMs?: number;
  /** How long to wait at most. */
  waitMs?: number;
  /** Called once, when another process holds it. */
  onWait?: () => void;
}

function isHeld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ELOCKED';
}

function heldTooLong(target: string, cause: unknown): Error {
  return createError(
    'ST_DOWNLOAD_FAILED',
    `Another process has held ${target}.lock for too long. End that process, or delete the lock if there is none.`,
    { cause },
  );
}

/**
 * Runs `work` while this process alone holds the lock of `target`. Others wait; the lock of a killed process is
 * taken over. `target` need not exist.
 */
export async function withLock<T>(
  target: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const { staleMs = 10_000, pollMs = 250, waitMs = 3_600_000, onWait } = options;
  await mkdir(path.dirname(target), { recursive: true });
  const end = Date.now() + waitMs;
  let compromised: Error | undefined;
  const onCompromised = (error: Error): void => {
    compromised = error;
  };
  let release: (() => Promise<void>) | undefined;
  for (let round = 0; release === undefined; round += 1) {
    try {
      release = await lockfile.lock(target, { stale: staleMs, realpath: false, onCompromised });
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (Date.now() > end) throw heldTooLong(target, error);
      if (round === 0) onWait?.();
      await delay(pollMs);
    }
  }
  try {
    return await work();
  } finally {
    if (compromised === undefined) await release();
  }
}
