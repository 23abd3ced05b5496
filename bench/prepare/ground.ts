import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EncodePlan } from '../encode-options.ts';
import { buildEngines } from './engines.ts';
import { type BenchModel, type ModelName, prepareModel } from './models.ts';
import { installPackages } from './packages.ts';
import { pythonPackages } from './python.ts';

/** What everything is measured on. */
export interface Ground {
  readonly model: BenchModel;
  /** Python's packages beside its environment. */
  readonly packages: string;
  readonly plan: EncodePlan;
  /** For texts. */
  readonly folder: string;
  readonly report: (line: string) => void;
}

/** Prepares a model and all contenders, and cleans up after `work`. */
export async function withGround(
  plan: EncodePlan,
  name: ModelName,
  work: (ground: Ground) => Promise<void>,
): Promise<void> {
  const report = (line: string): void => console.error(`• ${line}`);
  await installPackages(report);
  await buildEngines();
  const packages = await pythonPackages(report);
  const model = await prepareModel(name, report);
  const folder = await mkdtemp(path.join(tmpdir(), 'sentence-torch-bench-'));
  try {
    await work({ model, packages, plan, folder, report });
  } finally {
    await rm(folder, { recursive: true });
  }
}
