import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** One file of a zip that is made by hand, so that it can be as wrong as a test wants. */
export interface ZipEntry {
  name: string;
  /** Its content. */
  text?: string | Buffer;
  /** A Unix mode, such as 0o120777 of a symbolic link. */
  mode?: number;
  /** Written instead of the right checksum. */
  crc?: number;
}

function record(signature: number, fields: readonly [size: 2 | 4, value: number][]): Buffer {
  const parts = fields.map(([size, value]) => {
    const part = Buffer.alloc(size);
    if (size === 2) part.writeUInt16LE(value);
    else part.writeUInt32LE(value >>> 0);
    return part;
  });
  const head = Buffer.alloc(4);
  head.writeUInt32LE(signature);
  return Buffer.concat([head, ...parts]);
}

/** An uncompressed zip. */
export function zipBuffer(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, text = '', mode = 0o100644, crc } of entries) {
    const data = typeof text === 'string' ? Buffer.from(text) : text;
    const nameBytes = Buffer.from(name);
    const common: [2 | 4, number][] = [
      [2, 20],
      [2, 0x800],
      [2, 0],
      [4, 0],
      [4, crc ?? crc32(data)],
      [4, data.length],
      [4, data.length],
      [2, nameBytes.length],
      [2, 0],
    ];
    const local = Buffer.concat([record(0x04034b50, common), nameBytes, data]);
    const extra: [2 | 4, number][] = [
      [2, 0],
      [2, 0],
      [2, 0],
      [4, mode << 16],
      [4, offset],
    ];
    central.push(record(0x02014b50, [[2, 0x0314], ...common, ...extra]), nameBytes);
    files.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const count = entries.length;
  const end = record(0x06054b50, [
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, directory.length],
    [4, offset],
    [2, 0],
  ]);
  return Buffer.concat([...files, directory, end]);
}

export function writeZip(file: string, entries: readonly ZipEntry[]): string {
  writeFileSync(file, zipBuffer(entries));
  return file;
}
