import { mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { createError, isErrorCode } from '../../lib/errors.ts';
import { type Expected, isComplete, mismatch } from './checksum.ts';
import {
  assertSafeUrl,
  defaultLimits,
  FinalError,
  type Limits,
  makeAgent,
  WrongFileError,
} from './http.ts';
import { type LockOptions, withLock } from './lock.ts';
import { type Progress, terminalProgress } from './progress.ts';
import { discardPart, type Part, transfer } from './transfer.ts';

export interface DownloadOptions {
  limits?: Partial<Limits>;
  progress?: Progress;
  lock?: LockOptions;
}

interface Job {
  part: Part;
  expected: Expected;
  limits: Limits;
  progress: Progress;
}

function failed(job: Job, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return createError(
    cause instanceof WrongFileError ? 'ST_CHECKSUM_MISMATCH' : 'ST_DOWNLOAD_FAILED',
    `${job.part.label} could not be downloaded from ${job.part.url.href}: ${reason}`,
    { cause },
  );
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Tries until all bytes are there. A try that brought bytes starts the count afresh: long lines are often cut. */
async function gather(job: Job, dispatcher: Dispatcher): Promise<void> {
  const { part, limits, progress } = job;
  let best = await sizeOf(part.file);
  for (let attempt = 1; ; ) {
    try {
      await transfer(part, dispatcher, limits, progress);
      return;
    } catch (error) {
      const size = await sizeOf(part.file);
      attempt = size > best ? 1 : attempt + 1;
      best = Math.max(best, size);
      if (error instanceof FinalError || attempt > limits.attempts) throw failed(job, error);
      await delay(limits.backoffMs * 2 ** (attempt - 1));
    }
  }
}

/** Gathers and verifies. Bytes gathered by an earlier run may be spoilt: then it starts once more from nothing. */
async function gatherVerified(job: Job, dispatcher: Dispatcher): Promise<void> {
  const resumed = (await sizeOf(job.part.file)) > 0;
  await gather(job, dispatcher);
  let reason = await mismatch(job.part.file, job.expected);
  if (reason !== undefined && resumed) {
    await discardPart(job.part);
    await gather(job, dispatcher);
    reason = await mismatch(job.part.file, job.expected);
  }
  if (reason === undefined) return;
  await discardPart(job.part);
  throw createError(
    'ST_CHECKSUM_MISMATCH',
    `${job.part.url.href} is not the file that is expected: ${reason}. It was deleted.\n` +
      'Try again; if it stays so, the file on the server, or a proxy on the way, has changed it.',
  );
}

/**
 * Downloads `url` to `file`, verified; does nothing when the right file is there. `file` appears complete or not at
 * all; what a cut or killed transfer brought is kept beside it, and the next one goes on from there. Two processes
 * that want the same file make one transfer.
 */
export async function downloadFile(
  url: string,
  file: string,
  expected: Expected,
  options: DownloadOptions = {},
): Promise<void> {
  const limits = { ...defaultLimits, ...options.limits };
  const part = {
    url: new URL(url),
    file: `${file}.partial`,
    bytes: expected.bytes,
    label: path.basename(file),
  };
  const job = { part, expected, limits, progress: options.progress ?? terminalProgress() };
  try {
    assertSafeUrl(part.url);
  } catch (error) {
    throw failed(job, error);
  }
  if (await isComplete(file, expected)) return;
  await mkdir(path.dirname(file), { recursive: true });
  await withLock(
    file,
    async () => {
      if (await isComplete(file, expected)) return;
      const dispatcher = makeAgent(limits);
      try {
        await gatherVerified(job, dispatcher);
        await rename(part.file, file);
        await discardPart(part);
      } finally {
        await dispatcher.destroy();
      }
    },
    options.lock,
  );
}

/** Whether an error is one of ours, with a stable code. */
export function isCoded(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && isErrorCode(error.code);
}
