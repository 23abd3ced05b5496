import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import type { FileEntry } from './manifest.ts';

/** Files larger than this take longer to hash than a thread takes to start. */
const largeBytes = 16 << 20;

/** Size and sha256 of a file. `expectedBytes` only decides how: a large one is read on a thread of its own. */
export function measure(file: string, expectedBytes: number): Promise<FileEntry> {
  return expectedBytes > largeBytes ? measureElsewhere(file) : measureHere(file);
}

async function measureHere(file: string): Promise<FileEntry> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(file), async (chunks) => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  });
  return { sha256: hash.digest('hex'), bytes };
}

async function measureElsewhere(file: string): Promise<FileEntry> {
  // No flags of the main thread: a loader among them would take longer than the file.
  const worker = new Worker(measuring, { eval: true, execArgv: [], workerData: file });
  const [found] = await once(worker, 'message');
  return found as FileEntry;
}

// As text, since a file would be called otherwise in lib/ than in dist/.
const measuring = `
  const { createHash } = require('node:crypto');
  const { closeSync, openSync, readSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');

  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 18);
  const file = openSync(workerData, 'r');
  let bytes = 0;
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
    hash.update(chunk.subarray(0, read));
    bytes += read;
  }
  closeSync(file);
  parentPort.postMessage({ sha256: hash.digest('hex'), bytes });
`;
