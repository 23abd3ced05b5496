import { readFileSync } from 'node:fs';
import { pinnedVersion } from '../../lib/native/libtorch.ts';

/** One official archive, pinned. */
export interface Archive {
  platform: string;
  variant: string;
  /** Under the base address. */
  path: string;
  sha256: string;
  bytes: number;
  /** A key of `confirmation` in archives.json: how the sha256 was confirmed. */
  confirmed: string;
}

/** The file archives.json. */
export interface ArchiveTable {
  version: string;
  base: string;
  confirmation: Record<string, string>;
  archives: Archive[];
  nvidia: { source: string; linux: string[] };
}

/** Reads the table and checks that it is for the pinned version: sha256s of another would be of no use. */
export function readArchives(
  file: URL = new URL('archives.json', import.meta.url),
  version: string = pinnedVersion(),
): ArchiveTable {
  const table = JSON.parse(readFileSync(file, 'utf8')) as ArchiveTable;
  if (table.version !== version) {
    throw new Error(
      `${file.pathname} is for libtorch ${table.version}, but package.json pins ${version}: put that version's archives into it.`,
    );
  }
  return table;
}

/** The archive for a platform such as 'linux-x64' and a variant, if PyTorch publishes one and its sha256 is known. */
export function findArchive(
  table: ArchiveTable,
  platform: string,
  variant: string,
): Archive | undefined {
  return table.archives.find((row) => row.platform === platform && row.variant === variant);
}
