import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createError } from '../../lib/errors.ts';
import {
  cacheEntry,
  fromCache,
  fromEnvironment,
  type Libtorch,
  type LibtorchSearch,
  notFound,
  pinnedVersion,
  requestedVariant,
  type Tried,
} from '../../lib/native/libtorch.ts';
import { cacheDir } from '../../lib/util/cache-dir.ts';
import { type DownloadOptions, downloadFile, isCoded } from '../download/download.ts';
import { installFolder } from '../download/install.ts';
import { withLock } from '../download/lock.ts';
import { type PipRequest, type PipResult, pipDownload } from '../download/pip.ts';
import { unzip } from '../download/unzip.ts';
import { type Archive, type ArchiveTable, findArchive, readArchives } from './archives.ts';
import { assertWanted, type Wanted } from './wanted.ts';
import { nvidiaRequirements, unpackNvidiaWheels, unpackTorchWheel } from './wheel.ts';

const PYTORCH_INDEX = 'https://download.pytorch.org/whl';

export interface FinderOptions extends LibtorchSearch {
  table?: ArchiveTable;
  download?: DownloadOptions;
  pip?: (request: PipRequest) => Promise<PipResult>;
  /** Told of each place that was tried, as it happens. */
  report?: (line: string) => void;
}

interface Hunt {
  options: FinderOptions;
  wanted: Wanted;
  arch: string;
  entry: string;
  table: ArchiveTable;
  tried: Tried[];
  causes: unknown[];
}

function note(hunt: Hunt, place: string, outcome: string): void {
  hunt.tried.push({ place, outcome });
  hunt.options.report?.(`${place}: ${outcome}`);
}

/** A step that failed is noted, and the next one is tried; what is not one of our errors is a bug and goes up. */
function noteFailure(hunt: Hunt, place: string, error: unknown): void {
  if (!isCoded(error)) throw error;
  hunt.causes.push(error);
  note(hunt, place, error.message);
}

function pip(hunt: Hunt, request: PipRequest): Promise<PipResult> {
  return (hunt.options.pip ?? pipDownload)(request);
}

/** Brings NVIDIA's runtime libraries and puts them beside libtorch, where its RPATH looks. */
async function addNvidia(hunt: Hunt, requirements: string[], folder: string): Promise<void> {
  const target = path.join(folder, '.wheels-nvidia');
  const result = await pip(hunt, { requirements, target, dependencies: true });
  if ('problem' in result) {
    throw createError(
      'ST_DOWNLOAD_FAILED',
      `NVIDIA's runtime libraries for ${hunt.wanted.variant} could not be had: ${result.problem}`,
    );
  }
  await unpackNvidiaWheels(result.wheels, folder);
  await rm(target, { recursive: true });
}

async function unpackArchive(hunt: Hunt, archive: Archive, file: string): Promise<void> {
  await installFolder(hunt.entry, async (folder) => {
    await unzip(file, folder, (name) => (name.startsWith('libtorch/') ? name : undefined));
    assertWanted(path.join(folder, 'libtorch'), hunt.wanted, `The archive ${archive.path}`);
    if (hunt.wanted.platform === 'linux' && hunt.wanted.variant !== 'cpu') {
      await addNvidia(hunt, hunt.table.nvidia.linux, folder);
    }
  });
}

/** The official archive of the platform and variant, from PyTorch or from a mirror of it. */
async function fromArchive(hunt: Hunt): Promise<boolean> {
  const { options, wanted, table } = hunt;
  const env = options.env ?? process.env;
  const platform = `${wanted.platform}-${hunt.arch}`;
  const archive = findArchive(table, platform, wanted.variant);
  if (archive === undefined) {
    note(hunt, 'official archive', `none is known for ${platform} and ${wanted.variant}`);
    return false;
  }
  const base = env.SENTENCE_TORCH_LIBTORCH_MIRROR || table.base;
  const url = `${base.replace(/\/+$/, '')}/${archive.path}`;
  const file = path.join(
    cacheDir(env),
    'downloads',
    decodeURIComponent(path.basename(archive.path)),
  );
  options.report?.(`official archive: ${url}`);
  try {
    await downloadFile(url, file, archive, options.download);
    await unpackArchive(hunt, archive, file);
  } catch (error) {
    noteFailure(hunt, `official archive, ${url}`, error);
    return false;
  }
  await rm(file, { force: true });
  return true;
}

interface WheelSource {
  place: string;
  requirement: string;
  extraIndex?: string;
}

/** Where a wheel of the variant may be: the user's own index, then PyTorch's. */
function wheelSources({ wanted }: Hunt): WheelSource[] {
  const { version, variant, platform } = wanted;
  const full = `torch==${version}+${variant}`;
  // PyPI's own wheel is the CUDA build on Linux, the CPU build elsewhere. It has no local version there.
  const plainFits = (variant === 'cpu') === (platform !== 'linux');
  const extraIndex = `${PYTORCH_INDEX}/${variant}`;
  return [
    {
      place: 'pip, with your own configuration',
      requirement: plainFits ? `torch===${version}` : full,
    },
    {
      place: `pip, with ${extraIndex} added`,
      requirement: platform === 'darwin' ? `torch===${version}` : full,
      extraIndex,
    },
  ];
}

async function installWheel(hunt: Hunt, source: WheelSource): Promise<void> {
  await installFolder(hunt.entry, async (folder) => {
    const target = path.join(folder, '.wheels');
    const { requirement, extraIndex } = source;
    const request: PipRequest = { requirements: [requirement], target };
    if (extraIndex !== undefined) request.extraIndex = extraIndex;
    const result = await pip(hunt, request);
    if ('problem' in result) throw createError('ST_DOWNLOAD_FAILED', result.problem);
    const wheel = result.wheels[0];
    if (wheel === undefined) throw createError('ST_DOWNLOAD_FAILED', 'pip brought no wheel');
    const info = await unpackTorchWheel(wheel, folder, hunt.wanted);
    await rm(target, { recursive: true });
    const nvidia = nvidiaRequirements(info.requires);
    if (hunt.wanted.platform === 'linux' && nvidia.length > 0) {
      await addNvidia(hunt, nvidia, folder);
    }
  });
}

/** The wheel of torch: the same libraries, headers and CMake files as in the archive. */
async function fromWheel(hunt: Hunt): Promise<boolean> {
  for (const source of wheelSources(hunt)) {
    hunt.options.report?.(`${source.place}: ${source.requirement}`);
    try {
      await installWheel(hunt, source);
      return true;
    } catch (error) {
      noteFailure(hunt, `${source.place}, ${source.requirement}`, error);
    }
  }
  return false;
}

function failure(hunt: Hunt): Error {
  const cause = new AggregateError(hunt.causes, 'every source failed');
  return notFound(hunt.options, hunt.tried, { cause });
}

/**
 * Finds libtorch, or fetches it into the cache. Tries in this order: `LIBTORCH`, the cache, the official archive, the
 * wheel through pip. Fails with one ST_LIBTORCH_NOT_FOUND that lists them all.
 */
export async function findOrFetchLibtorch(options: FinderOptions = {}): Promise<Libtorch> {
  const tried: Tried[] = [];
  const there = fromEnvironment(options, tried) ?? fromCache(options, tried);
  for (const { place, outcome } of tried) options.report?.(`${place}: ${outcome}`);
  if (there !== undefined) return there;
  const platform = options.platform ?? process.platform;
  const variant = requestedVariant(options);
  const hunt: Hunt = {
    options,
    wanted: { version: pinnedVersion(), variant, platform },
    arch: options.arch ?? process.arch,
    entry: cacheEntry(variant, options),
    table: options.table ?? readArchives(),
    tried,
    causes: [],
  };
  const onWait = (): void => options.report?.('waiting for another process that fetches it');
  return withLock(
    hunt.entry,
    async () => {
      const meanwhile = fromCache(options, []);
      if (meanwhile !== undefined) return meanwhile;
      if (!(await fromArchive(hunt)) && !(await fromWheel(hunt))) throw failure(hunt);
      const fetched = fromCache(options, tried);
      if (fetched === undefined) throw failure(hunt);
      return fetched;
    },
    { onWait, ...options.download?.lock },
  );
}
