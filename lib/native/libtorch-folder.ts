import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What a libtorch folder holds, read from its files alone: nothing is loaded. */
export interface LibtorchFolder {
  /** The folder with `lib/` in it. */
  directory: string;
  /** Such as '2.1.0'. */
  version: string;
  /** The version with its local part, such as '2.1.0+cpu'. */
  build: string;
  /** 'cpu', 'cu130', ...; 'cuda' for a CUDA build that does not say which. */
  variant: string;
  /** Absolute paths of the shared libraries to open, in order. */
  libraries: string[];
}

interface LibraryRow {
  name: RegExp;
  required?: true;
  cuda?: true;
}

/** In the order in which they are opened: each one after those it depends on. */
const libraryTable: Partial<Record<NodeJS.Platform, readonly LibraryRow[]>> = {
  linux: [
    { name: /^libgomp.*\.so(\.\d+)*$/ },
    { name: /^libc10\.so$/, required: true },
    { name: /^libtorch_cpu\.so$/, required: true },
    { name: /^libc10_cuda\.so$/, cuda: true },
    { name: /^libtorch_cuda\.so$/, cuda: true },
    { name: /^libtorch\.so$/, required: true },
  ],
  darwin: [
    { name: /^lib(i?omp5?)\.dylib$/ },
    { name: /^libc10\.dylib$/, required: true },
    { name: /^libtorch_cpu\.dylib$/, required: true },
    { name: /^libtorch\.dylib$/, required: true },
  ],
  win32: [
    { name: /^libiomp5md\.dll$/ },
    { name: /^uv\.dll$/ },
    { name: /^c10\.dll$/, required: true },
    { name: /^torch_cpu\.dll$/, required: true },
    { name: /^c10_cuda\.dll$/, cuda: true },
    { name: /^torch_cuda\.dll$/, cuda: true },
    { name: /^torch\.dll$/, required: true },
  ],
};

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** The version in the text of a wheel's `torch/version.py`. */
export function parseVersionPy(text: string): string | undefined {
  return /^__version__\s*(?::[^=]*)?=\s*['"]([^'"]+)['"]/m.exec(text)?.[1];
}

/** Official archives carry `build-version`, pip's torch folder `version.py`. */
function readBuild(directory: string): string | undefined {
  const archive = readText(path.join(directory, 'build-version'))?.trim();
  if (archive) return archive;
  return parseVersionPy(readText(path.join(directory, 'version.py')) ?? '');
}

/** 'cpu', 'cu130', ... from a version such as '2.1.0+cu130', or from whether the CUDA libraries are there. */
export function variantOf(build: string, hasCuda: boolean): string {
  const local = build.split('+')[1];
  if (local !== undefined && /^(cpu|cu\d+|rocm.*|xpu)$/.test(local)) return local;
  return hasCuda ? 'cuda' : 'cpu';
}

/** Whether a libtorch of variant `found` does where `wanted` is asked for. */
export function variantFits(found: string, wanted: string): boolean {
  return found === wanted || (found === 'cuda' && wanted.startsWith('cu'));
}

/** Reads a libtorch folder; a string says why it cannot be used. */
export function readLibtorchFolder(
  directory: string,
  platform: NodeJS.Platform = process.platform,
): LibtorchFolder | string {
  const table = libraryTable[platform];
  if (table === undefined) return `there is no libtorch for ${platform}`;
  const lib = path.join(directory, 'lib');
  const names = listNames(lib);
  if (names.length === 0) return `no folder ${lib}, or it is empty`;
  const libraries: string[] = [];
  let hasCuda = false;
  for (const row of table) {
    const name = names.find((candidate) => row.name.test(candidate));
    if (name !== undefined) libraries.push(path.join(lib, name));
    else if (row.required) return `no ${libraryName(row.name)} in ${lib}`;
    hasCuda ||= name !== undefined && row.cuda === true;
  }
  const build = readBuild(directory);
  if (build === undefined) return `neither build-version nor version.py in ${directory}`;
  const version = build.split('+')[0] ?? build;
  return { directory, version, build, variant: variantOf(build, hasCuda), libraries };
}

function libraryName(pattern: RegExp): string {
  return pattern.source.replaceAll(/[\\^$]/g, '');
}
