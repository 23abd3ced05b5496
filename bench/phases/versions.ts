import { readFileSync } from 'node:fs';
import { encoderOf, reference } from '../contender/encoders.ts';
import type { Ground } from '../prepare/ground.ts';
import { versionOf } from '../prepare/packages.ts';
import { requirements } from '../prepare/python.ts';
import { openEngine } from './contest.ts';

/** The versions of what is compared, besides those that every report names. */
export async function versionsOf(ground: Ground): Promise<Record<string, string>> {
  using engine = await openEngine(ground, encoderOf(reference), {});
  const ofPython = await engine.ask('versions', {});
  const onnxruntime = /^onnxruntime==(.*)$/m.exec(readFileSync(requirements, 'utf8'))?.[1];
  return {
    fastembed: `${versionOf('fastembed')}, on its own onnxruntime-node ${versionOf('fastembed/node_modules/onnxruntime-node')}`,
    ...ofPython,
    'onnxruntime of Python': onnxruntime ?? 'unknown',
  };
}
