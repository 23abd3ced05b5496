import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinnedVersion } from '../../lib/native/libtorch.ts';
import { root } from '../../scripts/python.ts';
import { versionOf } from '../prepare/packages.ts';

export const reports = fileURLToPath(new URL('../reports', import.meta.url));

export interface Report {
  /** What is reported: part of the file's name. */
  readonly kind: 'load' | 'encode';
  readonly settings: Readonly<Record<string, string>>;
  /** Title and Markdown of each part. */
  readonly parts: readonly (readonly [title: string, body: string])[];
  readonly lines: readonly object[];
}

function ownVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string })
    .version;
}

const wanted =
  /^(avx2|avx_vnni|avx512f|avx512_vnni|avx512_bf16|avx512_fp16|amx_\w+|asimddp|i8mm|bf16|sve2?)$/;

/** The instructions that matrix products may use. */
function cpuFeatures(): string {
  if (!existsSync('/proc/cpuinfo')) return 'unknown';
  const line =
    /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  return (
    line
      .split(' ')
      .filter((flag) => wanted.test(flag))
      .join(' ') || 'unknown'
  );
}

/** What the figures hold for. */
function circumstances(): Record<string, string> {
  return {
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch}, ${release()}`,
    instructions: cpuFeatures(),
    'Node.js': process.versions.node,
    'sentence-torch': `${ownVersion()} on libtorch ${pinnedVersion()}`,
    '@huggingface/transformers': versionOf('@huggingface/transformers'),
    'onnxruntime-node': versionOf('onnxruntime-node'),
  };
}

/** A name that no report has yet: <date>-<kind>; a second one of a day gets a number. */
function freshName(date: string, kind: string): string {
  const name = (n: number): string => `${date}-${kind}${n === 1 ? '' : `-${n}`}`;
  let n = 1;
  while (existsSync(path.join(reports, `${name(n)}.md`))) n++;
  return name(n);
}

const capital = (word: string): string => `${word[0]?.toUpperCase()}${word.slice(1)}`;

/** Writes bench/reports/<date>-<kind>.md, with its pictures beside it. Reports are never edited. */
export async function writeReport(
  { kind, settings, parts, lines }: Report,
  pictures: Readonly<Record<string, string>> = {},
): Promise<string> {
  const date = new Date().toISOString().slice(0, 10);
  const name = freshName(date, kind);
  const rows = Object.entries({ ...circumstances(), ...settings });
  const images = Object.keys(pictures).map((part) => `![${part}](${name}-${part}.svg)`);
  const text = [
    `# ${capital(kind)}, ${date}`,
    rows.map(([name, value]) => `- ${name}: ${value}`).join('\n'),
    'What each figure means and how it is taken: [bench/README.md](../README.md).',
    ...images,
    ...parts.flatMap(([title, body]) => [`## ${title}`, body]),
    '## Lines',
    ['```json', ...lines.map((line) => JSON.stringify(line)), '```'].join('\n'),
  ].join('\n\n');
  await mkdir(reports, { recursive: true });
  for (const [part, svg] of Object.entries(pictures)) {
    await writeFile(path.join(reports, `${name}-${part}.svg`), svg, { flag: 'wx' });
  }
  const file = path.join(reports, `${name}.md`);
  await writeFile(file, `${text}\n`, { flag: 'wx' });
  return file;
}
