import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** What a file must be. */
export interface Expected {
  sha256: string;
  bytes: number;
}

/** The sha256 of a file, as lower-case hexadecimal digits. */
export async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Why `file` is not what was expected; undefined when it is. */
export async function mismatch(file: string, expected: Expected): Promise<string | undefined> {
  const { size } = await stat(file);
  if (size !== expected.bytes) return `it has ${size} bytes, not ${expected.bytes}`;
  const actual = await sha256File(file);
  return actual === expected.sha256 ? undefined : `its sha256 is ${actual}, not ${expected.sha256}`;
}

/** Whether `file` is there and is what was expected. */
export async function isComplete(file: string, expected: Expected): Promise<boolean> {
  try {
    return (await mismatch(file, expected)) === undefined;
  } catch {
    return false;
  }
}
