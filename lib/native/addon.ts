import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { Addon, Preload } from '../../binding.d.ts';
import { createError } from '../errors.ts';
import { type Libtorch, locateLibtorch } from './libtorch.ts';

// The same from lib/native and from dist/native.
const buildFolder = fileURLToPath(new URL('../../build/Release/', import.meta.url));
const require = createRequire(import.meta.url);

// How long an ending process waits for a batch that runs, before it ends without it.
const exitTimeoutMs = 4000;

let loaded: Addon | undefined;

/** Loads libtorch and the addon into this thread's environment, once. */
export function loadAddon(): Addon {
  loaded ??= open();
  return loaded;
}

function open(): Addon {
  const preload = requireBuilt<Preload>('preload.node');
  const libtorch = locateLibtorch();
  checkVersion(preload.builtFor, libtorch);
  try {
    preload.open(libtorch.libraries);
  } catch (error) {
    throw createError(
      'ST_ADDON_LOAD_FAILED',
      `libtorch in ${libtorch.directory} can't be loaded: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const addon = requireBuilt<Addon>('sentence_torch.node');
  // Workers are covered by the addon's cleanup hook; see native/binding/environment.h.
  if (isMainThread) process.on('exit', (code) => addon.shutdown(exitTimeoutMs, code));
  return addon;
}

function checkVersion(builtFor: string, libtorch: Libtorch): void {
  if (libtorch.version === builtFor) return;
  throw createError(
    'ST_LIBTORCH_MISMATCH',
    `The addon was built for libtorch ${builtFor}, but ${libtorch.directory} holds ${libtorch.build}. libtorch has no ` +
      `stable C++ interface: give libtorch ${builtFor} (LIBTORCH=<folder>), or build again with \`npm run build\`.`,
  );
}

function requireBuilt<T>(name: string): T {
  const file = buildFolder + name;
  if (!existsSync(file)) {
    throw createError(
      'ST_ADDON_NOT_FOUND',
      `${file} does not exist. Build the native part with \`npm run build\`.`,
    );
  }
  try {
    return require(file) as T;
  } catch (error) {
    throw createError(
      'ST_ADDON_LOAD_FAILED',
      `${file} can't be loaded: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
