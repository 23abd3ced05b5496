#!/usr/bin/env node
/**
 * The first command on a fresh clone: makes what a task needs, then runs it. Uses nothing but Node itself.
 *
 *   node scripts/bootstrap.mjs <task> [arguments of the task]
 */
import { readFileSync } from 'node:fs';

const wanted = /(\d+)\.(\d+)/.exec(
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).engines.node,
);
const [major, minor] = process.versions.node.split('.').map(Number);
const [, wantedMajor, wantedMinor] = wanted.map(Number);

if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  console.error(
    `Node.js ${wanted[0]} or newer is needed, this is ${process.versions.node}: install one from https://nodejs.org.`,
  );
  process.exitCode = 1;
} else {
  import('./bootstrap/main.mjs').then(({ main }) => main(process.argv.slice(2)));
}
