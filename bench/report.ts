import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinnedVersion } from '../lib/native/libtorch.ts';
import { root } from '../scripts/python.ts';
import { versionOf } from './prepare/packages.ts';

const reports = fileURLToPath(new URL('reports', import.meta.url));

export interface Report {
  readonly settings: Readonly<Record<string, string>>;
  /** Title and Markdown of each part. */
  readonly parts: readonly (readonly [title: string, body: string])[];
  readonly lines: readonly object[];
}

function ownVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string })
    .version;
}

/** What the figures hold for. */
function circumstances(): Record<string, string> {
  return {
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch}`,
    'Node.js': process.versions.node,
    'sentence-torch': `${ownVersion()} on libtorch ${pinnedVersion()}`,
    '@huggingface/transformers': versionOf('@huggingface/transformers'),
    'onnxruntime-node': versionOf('onnxruntime-node'),
  };
}

/** Writes bench/reports/<date>-load.md; a second one of a day gets a number. Reports are never edited. */
export async function writeReport({ settings, parts, lines }: Report): Promise<string> {
  const date = new Date().toISOString().slice(0, 10);
  const rows = Object.entries({ ...circumstances(), ...settings });
  const text = [
    `# Load, ${date}`,
    rows.map(([name, value]) => `- ${name}: ${value}`).join('\n'),
    'What each figure means and how it is taken: [bench/README.md](../README.md).',
    ...parts.flatMap(([title, body]) => [`## ${title}`, body]),
    '## Lines',
    ['```json', ...lines.map((line) => JSON.stringify(line)), '```'].join('\n'),
  ].join('\n\n');
  await mkdir(reports, { recursive: true });
  const name = (n: number): string =>
    path.join(reports, `${date}-load${n === 1 ? '' : `-${n}`}.md`);
  let n = 1;
  while (existsSync(name(n))) n++;
  await writeFile(name(n), `${text}\n`, { flag: 'wx' });
  return name(n);
}
