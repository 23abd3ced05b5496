import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pinnedVersion } from '../../lib/native/libtorch.ts';
import type { ZipEntry } from './zip.ts';

/** The version that package.json pins. */
export const pinned = pinnedVersion();

const cpuLibraries = ['libc10.so', 'libgomp.so.1', 'libtorch.so', 'libtorch_cpu.so'];
const cudaLibraries = ['libc10_cuda.so', 'libtorch_cuda.so'];

/** Names of the shared libraries of a libtorch for Linux. */
export function libraryNames(cuda: boolean): string[] {
  return cuda ? [...cpuLibraries, ...cudaLibraries] : cpuLibraries;
}

export interface FakeLibtorch {
  build?: string;
  cuda?: boolean;
  /** Which file says the version. */
  versionIn?: 'build-version' | 'version.py';
  libraries?: string[];
}

/** A folder that looks like libtorch; its libraries are empty. */
export function fakeLibtorch(directory: string, fake: FakeLibtorch = {}): string {
  const { build = `${pinned}+cpu`, cuda = false, versionIn = 'build-version' } = fake;
  const lib = path.join(directory, 'lib');
  mkdirSync(lib, { recursive: true });
  for (const name of fake.libraries ?? libraryNames(cuda)) writeFileSync(path.join(lib, name), '');
  const text =
    versionIn === 'version.py' ? `__version__ = '${build}'\ndebug = False\n` : `${build}\n`;
  writeFileSync(path.join(directory, versionIn), text);
  return directory;
}

/** The entries of an official archive. */
export function archiveEntries(build = `${pinned}+cpu`, cuda = false): ZipEntry[] {
  return [
    ...libraryNames(cuda).map((name) => ({ name: `libtorch/lib/${name}`, text: name })),
    { name: 'libtorch/include/torch/script.h', text: '#pragma once' },
    { name: 'libtorch/share/cmake/Torch/TorchConfig.cmake', text: '# torch' },
    { name: 'libtorch/build-version', text: `${build}\n` },
  ];
}

/** The entries of a wheel of torch, with much that is of no use to us. */
export function wheelEntries(build: string, cuda = false, requires: string[] = []): ZipEntry[] {
  const version = build.split('+')[0];
  const metadata = ['Name: torch', ...requires.map((line) => `Requires-Dist: ${line}`)];
  return [
    ...libraryNames(cuda).map((name) => ({ name: `torch/lib/${name}`, text: name })),
    { name: 'torch/lib/libtorch_python.so', text: 'python' },
    { name: 'torch/lib/libtorchbind_test.so', text: 'test' },
    { name: 'torch/lib/libshm/libshm.h', text: 'header' },
    { name: 'torch/include/torch/script.h', text: '#pragma once' },
    { name: 'torch/share/cmake/Torch/TorchConfig.cmake', text: '# torch' },
    { name: 'torch/version.py', text: `__version__ = '${build}'\n` },
    { name: 'torch/nn/__init__.py', text: 'pass' },
    { name: 'torch/bin/protoc', text: 'tool' },
    { name: `torch-${version}.dist-info/METADATA`, text: metadata.join('\n') },
  ];
}
