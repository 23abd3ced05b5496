import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createError, type SentenceTorchError } from '../errors.ts';
import { cacheDir } from '../util/cache-dir.ts';
import { type LibtorchFolder, readLibtorchFolder, variantFits } from './libtorch-folder.ts';

/** A libtorch that is on this machine. */
export interface Libtorch extends LibtorchFolder {
  /** How it was found: the `LIBTORCH` variable, or the user's cache folder. */
  source: 'LIBTORCH' | 'cache';
}

/** Where to look. The defaults describe this process; tests give others. */
export interface LibtorchSearch {
  env?: NodeJS.ProcessEnv;
  platform?: NodeJS.Platform;
  arch?: string;
  musl?: boolean;
  /** Looked for instead of `SENTENCE_TORCH_VARIANT`. */
  variant?: string;
}

/** One place that was tried, and what came of it: for reports and errors. */
export interface Tried {
  place: string;
  outcome: string;
}

const packageJson = new URL('../../package.json', import.meta.url);

/** The one pinned version: `libtorch.version` of package.json. */
export function pinnedVersion(): string {
  const manifest = JSON.parse(readFileSync(packageJson, 'utf8')) as {
    libtorch: { version: string };
  };
  return manifest.libtorch.version;
}

/** 'cpu' unless `SENTENCE_TORCH_VARIANT` says another, such as 'cu130'. */
export function requestedVariant(search: LibtorchSearch = {}): string {
  const variant =
    search.variant ?? ((search.env ?? process.env).SENTENCE_TORCH_VARIANT || undefined) ?? 'cpu';
  if (!/^(cpu|cu\d+)$/.test(variant)) {
    throw createError(
      'ST_LIBTORCH_NOT_FOUND',
      `'${variant}' is not a variant of libtorch. Set SENTENCE_TORCH_VARIANT to cpu or cu130.`,
    );
  }
  return variant;
}

/** The folder of one libtorch in the cache; the libtorch itself is in `libtorch/` under it. */
export function cacheEntry(variant: string, search: LibtorchSearch = {}): string {
  const platform = `${search.platform ?? process.platform}-${search.arch ?? process.arch}`;
  const name = `${pinnedVersion()}-${variant}-${platform}`;
  return path.join(cacheDir(search.env ?? process.env), 'libtorch', name);
}

/** Whether this Node runs on musl (Alpine), for which no libtorch is published. */
export function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

/** The libtorch of the `LIBTORCH` variable, undefined when it is not set. An unusable one is an error. */
export function fromEnvironment(search: LibtorchSearch, tried: Tried[]): Libtorch | undefined {
  const env = search.env ?? process.env;
  if (!env.LIBTORCH) {
    tried.push({ place: 'LIBTORCH', outcome: 'not set' });
    return undefined;
  }
  const directory = path.resolve(env.LIBTORCH);
  const folder = readLibtorchFolder(directory, search.platform ?? process.platform);
  if (typeof folder === 'string') {
    throw createError(
      'ST_LIBTORCH_NOT_FOUND',
      `LIBTORCH is set to ${directory}, which is not a libtorch: ${folder}.\n` +
        'Set it to an unpacked libtorch archive, or to the torch folder of a Python environment, or unset it.',
    );
  }
  if (search.variant !== undefined || env.SENTENCE_TORCH_VARIANT) {
    const wanted = requestedVariant(search);
    if (!variantFits(folder.variant, wanted)) {
      throw createError(
        'ST_LIBTORCH_MISMATCH',
        `LIBTORCH (${directory}) is a ${folder.variant} build (${folder.build}), but the variant ${wanted} is asked for.\n` +
          'Set LIBTORCH to a build of that variant, or unset one of the two.',
      );
    }
  }
  tried.push({ place: 'LIBTORCH', outcome: `${folder.build} in ${directory}` });
  return { ...folder, source: 'LIBTORCH' };
}

/** The libtorch of the pinned version in the user's cache, undefined when it is not there. */
export function fromCache(search: LibtorchSearch, tried: Tried[]): Libtorch | undefined {
  const directory = path.join(cacheEntry(requestedVariant(search), search), 'libtorch');
  const place = `the cache, ${directory}`;
  if (!existsSync(directory)) {
    tried.push({ place, outcome: 'no such folder' });
    return undefined;
  }
  const folder = readLibtorchFolder(directory, search.platform ?? process.platform);
  if (typeof folder === 'string' || folder.version !== pinnedVersion()) {
    const outcome = typeof folder === 'string' ? folder : `holds ${folder.build}`;
    tried.push({ place, outcome: `${outcome}; delete that folder to fetch it again` });
    return undefined;
  }
  tried.push({ place, outcome: folder.build });
  return { ...folder, source: 'cache' };
}

/** The error that lists every place that was tried, and what the reader can do. */
export function notFound(
  search: LibtorchSearch,
  tried: readonly Tried[],
  options: { cause?: unknown } = {},
): SentenceTorchError {
  const variant = requestedVariant(search);
  const lines = tried.map(({ place, outcome }) => `  - ${place}: ${outcome}`);
  const reason =
    (search.musl ?? isMusl())
      ? '\nThis system uses musl (Alpine), for which PyTorch publishes no libtorch: use a glibc system such as Debian, or LIBTORCH with a build of your own.'
      : '';
  return createError(
    'ST_LIBTORCH_NOT_FOUND',
    `libtorch ${pinnedVersion()} (${variant}) was not found.${reason}\nTried, in this order:\n${lines.join('\n')}\n` +
      'What you can do:\n' +
      '  - in a checkout of sentence-torch, with a network: npx tsx scripts/libtorch/fetch.ts\n' +
      `  - set LIBTORCH to an unpacked libtorch ${pinnedVersion()}, or to the torch folder of a Python environment\n` +
      '  - set SENTENCE_TORCH_CACHE to a cache folder that has it, copied from another machine',
    options,
  );
}

/** Finds libtorch on this machine: `LIBTORCH`, then the cache. Downloads nothing. */
export function locateLibtorch(search: LibtorchSearch = {}): Libtorch {
  const tried: Tried[] = [];
  const found = fromEnvironment(search, tried) ?? fromCache(search, tried);
  if (found === undefined) throw notFound(search, tried);
  return found;
}
