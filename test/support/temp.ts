import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';

/** A folder that is gone after the test. */
export function tempDir(t: ExecutionContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sentence-torch-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
