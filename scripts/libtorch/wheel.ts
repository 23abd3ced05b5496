import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createError } from '../../lib/errors.ts';
import { parseVersionPy, variantFits, variantOf } from '../../lib/native/libtorch-folder.ts';
import { readEntries, unzip } from '../download/unzip.ts';
import { assertWanted, type Wanted } from './wanted.ts';

const sharedLibrary = /(\.so(\.\d+)*|\.dylib|\.dll)$/;
/** Of no use without Python, or tests. */
const unused =
  /^(lib)?(torch_python|torchbind_test|jitbackend_test|backend_with_compiler|aoti_custom_ops|shm)\b/;

/** Where an entry of torch's wheel goes: libraries, headers and CMake files are kept, nothing else. */
export function placeOfTorch(name: string): string | undefined {
  if (name.startsWith('torch.libs/') && sharedLibrary.test(name)) return name;
  if (!name.startsWith('torch/')) return undefined;
  const inner = name.slice('torch/'.length);
  const kept = `libtorch/${inner}`;
  if (inner.startsWith('include/') || inner.startsWith('share/cmake/')) return kept;
  const library = /^lib\/([^/]+)$/.exec(inner)?.[1];
  if (library === undefined || unused.test(library)) return undefined;
  return sharedLibrary.test(library) || library.endsWith('.lib') ? kept : undefined;
}

/** Where an entry of one of NVIDIA's wheels goes: its libraries keep their place beside torch's folder. */
export function placeOfNvidia(name: string): string | undefined {
  return name.startsWith('nvidia/') && sharedLibrary.test(name) ? name : undefined;
}

/** What a torch wheel is, and what it requires. */
export interface WheelInfo {
  build: string;
  variant: string;
  requires: string[];
}

/** Reads a torch wheel's version and metadata; unpacks nothing. */
export async function readTorchWheel(wheel: string): Promise<WheelInfo> {
  const texts = await readEntries(wheel, /^(torch\/version\.py|torch-[^/]+\.dist-info\/METADATA)$/);
  const build = parseVersionPy(texts.get('torch/version.py') ?? '');
  const metadata = [...texts].find(([name]) => name.endsWith('METADATA'))?.[1];
  if (build === undefined || metadata === undefined) {
    throw createError('ST_LIBTORCH_MISMATCH', `${path.basename(wheel)} is not a wheel of torch.`);
  }
  const requires = [...metadata.matchAll(/^Requires-Dist:\s*(.+)$/gm)].map(
    (match) => match[1] ?? '',
  );
  return { build, variant: variantOf(build, requires.some(isNvidia)), requires };
}

function isNvidia(requirement: string): boolean {
  return /^(nvidia-|cuda-toolkit)/.test(requirement.trim());
}

/** The runtime libraries of NVIDIA among a wheel's requirements, without their markers. All are for Linux. */
export function nvidiaRequirements(requires: readonly string[]): string[] {
  return requires
    .filter((line) => isNvidia(line) && !/extra\s*==/.test(line))
    .filter((line) => !line.includes(';') || /platform_system\s*==\s*["']Linux["']/.test(line))
    .map((line) => (line.split(';')[0] ?? '').replaceAll(/[()\s]/g, ''));
}

/** Refuses a wheel of another version or variant before anything is unpacked. */
export function assertWheelFits(wheel: string, info: WheelInfo, wanted: Wanted): void {
  const version = info.build.split('+')[0];
  if (version === wanted.version && variantFits(info.variant, wanted.variant)) return;
  throw createError(
    'ST_LIBTORCH_MISMATCH',
    `The wheel ${path.basename(wheel)} is refused: it is the ${info.variant} build ${info.build}, but ${wanted.version} for ${wanted.variant} is wanted.`,
  );
}

/** Unpacks torch's wheel into `folder` as `libtorch/`, in the form of the official archives. */
export async function unpackTorchWheel(
  wheel: string,
  folder: string,
  wanted: Wanted,
): Promise<WheelInfo> {
  const info = await readTorchWheel(wheel);
  assertWheelFits(wheel, info, wanted);
  await unzip(wheel, folder, placeOfTorch);
  await writeFile(path.join(folder, 'libtorch', 'build-version'), `${info.build}\n`);
  assertWanted(path.join(folder, 'libtorch'), wanted, `The wheel ${path.basename(wheel)}`);
  return info;
}

/** Unpacks NVIDIA's wheels into `folder` as `nvidia/`, where the RPATH of libtorch_cuda.so looks for them. */
export async function unpackNvidiaWheels(wheels: readonly string[], folder: string): Promise<void> {
  for (const wheel of wheels) await unzip(wheel, folder, placeOfNvidia);
}
