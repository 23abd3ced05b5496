import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { createError } from '../../lib/errors.ts';

/** Where an entry of an archive goes, relative to the target; undefined leaves it out. */
export type Placement = (name: string) => string | undefined;

const SYMLINK = 0o120000;
const FILE_TYPE = 0o170000;

function refuse(archive: string, name: string, why: string): Error {
  return createError(
    'ST_DOWNLOAD_FAILED',
    `${path.basename(archive)} is refused: its entry ${JSON.stringify(name)} ${why}. Nothing of it is used.`,
  );
}

/** Absolute names, drive letters, backslashes, NUL and '..' could all lead out of the target folder. */
export function assertSafeName(archive: string, name: string): void {
  const unsafe =
    name.startsWith('/') ||
    /^[a-zA-Z]:/.test(name) ||
    name.includes('\\') ||
    name.includes('\0') ||
    name.split('/').includes('..');
  if (unsafe) throw refuse(archive, name, 'leads out of its folder');
}

function assertPlainFile(archive: string, entry: yauzl.Entry): void {
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
  if (type === SYMLINK) throw refuse(archive, entry.fileName, 'is a symbolic link');
}

function openZip(archive: string): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    // Names come as they stand in the archive, so that the checks here see them before anything is done to them.
    const options = {
      lazyEntries: true,
      autoClose: true,
      decodeStrings: true,
      strictFileNames: true,
    };
    yauzl.open(archive, options, (error, zip) => (error ? reject(error) : resolve(zip)));
  });
}

function openEntry(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<NodeJS.ReadableStream> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

/** The content of an entry, held against the checksum that the archive carries of it. */
async function* checked(zip: yauzl.ZipFile, entry: yauzl.Entry): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const chunk of await openEntry(zip, entry)) {
    const bytes = chunk as Buffer;
    sum = crc32(bytes, sum);
    yield bytes;
  }
  if (sum !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} is wrong`);
}

/** Calls `visit` with each entry, one after the other. Every name of the archive is checked first. */
async function eachEntry(
  archive: string,
  visit: (zip: yauzl.ZipFile, entry: yauzl.Entry) => Promise<void>,
): Promise<void> {
  const zip = await openZip(archive);
  await new Promise<void>((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', resolve);
    zip.on('entry', (entry: yauzl.Entry) => {
      const step = async (): Promise<void> => {
        assertSafeName(archive, entry.fileName);
        assertPlainFile(archive, entry);
        if (!entry.fileName.endsWith('/')) await visit(zip, entry);
      };
      step().then(
        () => zip.readEntry(),
        (error: unknown) => {
          zip.close();
          reject(error);
        },
      );
    });
    zip.readEntry();
  });
}

function damaged(archive: string, cause: unknown): unknown {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ST_DOWNLOAD_FAILED')
    return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return createError(
    'ST_DOWNLOAD_FAILED',
    `${path.basename(archive)} cannot be unpacked: ${reason}`,
    {
      cause,
    },
  );
}

/** Unpacks the entries that `place` names into `target`. Returns how many files that were. */
export async function unzip(archive: string, target: string, place: Placement): Promise<number> {
  let count = 0;
  const made = new Set<string>();
  try {
    await eachEntry(archive, async (zip, entry) => {
      const relative = place(entry.fileName);
      if (relative === undefined) return;
      assertSafeName(archive, relative);
      const file = path.join(target, ...relative.split('/'));
      const folder = path.dirname(file);
      if (!made.has(folder)) await mkdir(folder, { recursive: true });
      made.add(folder);
      await pipeline(checked(zip, entry), createWriteStream(file, { flags: 'wx' }));
      count += 1;
    });
  } catch (error) {
    throw damaged(archive, error);
  }
  return count;
}

/** The text of the entries whose names match, by name: for the small files that describe an archive. */
export async function readEntries(archive: string, name: RegExp): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  try {
    await eachEntry(archive, async (zip, entry) => {
      if (!name.test(entry.fileName)) return;
      const chunks: Buffer[] = [];
      for await (const chunk of checked(zip, entry)) chunks.push(chunk);
      texts.set(entry.fileName, Buffer.concat(chunks).toString('utf8'));
    });
  } catch (error) {
    throw damaged(archive, error);
  }
  return texts;
}
