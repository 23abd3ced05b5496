import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/python.ts';

const benchDir = fileURLToPath(new URL('..', import.meta.url));

type Packages = Record<string, { version?: string; optional?: boolean }>;

function packagesOf(file: string): Packages {
  const { packages } = JSON.parse(readFileSync(path.join(benchDir, file), 'utf8')) as {
    packages: Packages;
  };
  return packages;
}

/** Whether bench/node_modules is what the lock file says; optional packages of other systems may be absent. */
function packagesMatch(): boolean {
  if (!existsSync(path.join(benchDir, 'node_modules', '.package-lock.json'))) return false;
  const there = packagesOf('node_modules/.package-lock.json');
  const { '': _root, ...locked } = packagesOf('package-lock.json');
  return Object.entries(locked).every(([name, { version, optional }]) =>
    there[name] === undefined ? optional === true : there[name].version === version,
  );
}

/** The version of an installed package of bench/. */
export function versionOf(name: string): string {
  return packagesOf('package-lock.json')[`node_modules/${name}`]?.version ?? 'unknown';
}

/**
 * Installs the contenders. Without their install scripts: that of onnxruntime-node fetches the CUDA build, while the CPU
 * build is in the package.
 */
export async function installPackages(report: (line: string) => void): Promise<void> {
  if (packagesMatch()) return;
  report('installing the packages of bench/');
  const cli = process.env.npm_execpath ?? '';
  const npm = path.basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command = 'npm', ...args] = [...npm, 'ci', '--prefix', benchDir, ...flags];
  const outcome = await run(command, args, { quiet: true });
  if (!outcome.ok) throw new Error(`npm ci in bench/ failed: ${outcome.errors}`);
}
