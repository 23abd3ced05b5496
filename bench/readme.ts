/**
 * Puts the newest report that has all of it into the README, between its markers. `npm run bench -- --report` does so at its end.
 *
 *   npx tsx bench/readme.ts
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../scripts/python.ts';
import { newestReport, readmeSection, replaceSection } from './report/readme-section.ts';
import { reports } from './report/write-report.ts';

/** Returns the report that the README shows now; undefined if none has all of its table. */
export async function updateReadme(): Promise<string | undefined> {
  const names = await readdir(reports).catch(() => []);
  const all = names.filter((name) => /-encode(-\d+)?\.md$/.test(name));
  const texts = await Promise.all(
    all.map(async (name) => ({ name, text: await readFile(path.join(reports, name), 'utf8') })),
  );
  const newest = newestReport(texts);
  if (newest === undefined) return undefined;
  const file = path.join(root, 'README.md');
  const readme = await readFile(file, 'utf8');
  await writeFile(file, replaceSection(readme, readmeSection(newest)));
  return newest.name;
}

if (import.meta.url === pathToFileURL(path.resolve(process.argv[1] ?? '')).href) {
  console.error((await updateReadme()) ?? 'No report in bench/reports has what the README shows.');
}
