import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import { FinalError, get, type Limits, TransientError, WrongFileError } from './http.ts';
import type { Progress } from './progress.ts';

/** One file on its way: the bytes so far, and what they are a part of. */
export interface Part {
  url: URL;
  /** The file the bytes are gathered in. Never the final name. */
  file: string;
  bytes: number;
  label: string;
}

interface PartInfo {
  url: string;
  validator?: string;
}

const infoFile = (part: Part): string => `${part.file}.json`;

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}

async function readInfo(part: Part): Promise<PartInfo | undefined> {
  try {
    return JSON.parse(await readFile(infoFile(part), 'utf8')) as PartInfo;
  } catch {
    return undefined;
  }
}

/** Removes what was gathered, so that the next try starts from nothing. */
export async function discardPart(part: Part): Promise<void> {
  await rm(part.file, { force: true });
  await rm(infoFile(part), { force: true });
}

/** The headers that ask for the rest only, and only of the same file; empty when there is nothing to go on from. */
async function resumeHeaders(
  part: Part,
): Promise<{ start: number; headers: Record<string, string> }> {
  const info = await readInfo(part);
  const start = await sizeOf(part.file);
  if (start === 0 || start >= part.bytes || info?.url !== part.url.href || !info.validator) {
    return { start: 0, headers: {} };
  }
  return { start, headers: { range: `bytes=${start}-`, 'if-range': info.validator } };
}

/** A strong ETag or a date; weak ETags do not promise equal bytes. */
function validatorOf(response: Dispatcher.ResponseData): string | undefined {
  const { etag, 'last-modified': modified } = response.headers;
  if (typeof etag === 'string' && !etag.startsWith('W/')) return etag;
  return typeof modified === 'string' ? modified : undefined;
}

/** Where the answer's bytes belong: at `start`, or at 0 when the server sends the whole file. */
function startOf(response: Dispatcher.ResponseData, part: Part, start: number): number {
  const { statusCode, headers } = response;
  const length = Number(headers['content-length']);
  if (statusCode === 206) {
    if (headers['content-range'] === `bytes ${start}-${part.bytes - 1}/${part.bytes}`) return start;
    throw new FinalError(`the server sent the wrong range: ${String(headers['content-range'])}`);
  }
  if (headers['content-length'] !== undefined && length !== part.bytes) {
    throw new WrongFileError(`the server has a file of ${length} bytes, not ${part.bytes}`);
  }
  return 0;
}

/** Ends the body when too little comes: no time limit on the whole, but none may hang. */
function watch(body: Dispatcher.ResponseData['body'], limits: Limits, received: () => number) {
  let before = received();
  return setInterval(() => {
    const now = received();
    if (now - before < limits.minBytes) {
      body.destroy(
        new TransientError(`less than ${limits.minBytes} bytes in ${limits.windowMs} ms`),
      );
    }
    before = now;
  }, limits.windowMs);
}

/** One try. It goes on where an earlier one stopped, if the server can; returns when all bytes are there. */
export async function transfer(
  part: Part,
  dispatcher: Dispatcher,
  limits: Limits,
  progress: Progress,
): Promise<void> {
  if ((await sizeOf(part.file)) === part.bytes) return;
  const resume = await resumeHeaders(part);
  const response = await get(part.url, resume.headers, dispatcher);
  if (response.statusCode === 416) {
    await response.body.dump();
    await discardPart(part);
    throw new TransientError('the server refused to go on with the part that is there');
  }
  let done = resume.start;
  try {
    done = startOf(response, part, resume.start);
  } catch (error) {
    response.body.on('error', () => {}).destroy();
    throw error;
  }
  const info: PartInfo = { url: part.url.href };
  const validator = validatorOf(response);
  if (validator !== undefined) info.validator = validator;
  const handle = await open(part.file, done === 0 ? 'w' : 'r+');
  const timer = watch(response.body, limits, () => done);
  try {
    await writeFile(infoFile(part), JSON.stringify(info));
    progress.start(part.label, part.bytes, done);
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      if (done + chunk.length > part.bytes)
        throw new WrongFileError('the server sends too many bytes');
      await handle.write(chunk, 0, chunk.length, done);
      done += chunk.length;
      progress.update(done);
    }
    await handle.sync();
  } finally {
    clearInterval(timer);
    progress.stop();
    await handle.close();
  }
  if (done !== part.bytes) throw new TransientError(`the transfer ended at byte ${done}`);
}
