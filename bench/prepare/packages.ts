import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { packagesMatch } from '../../scripts/bootstrap/packages.mjs';
import { run } from '../../scripts/python.ts';

const benchDir = fileURLToPath(new URL('..', import.meta.url));

/** The version of a package of bench/. */
export function versionOf(name: string): string {
  const { packages } = JSON.parse(
    readFileSync(path.join(benchDir, 'package-lock.json'), 'utf8'),
  ) as {
    packages: Record<string, { version?: string }>;
  };
  return packages[`node_modules/${name}`]?.version ?? 'unknown';
}

/**
 * Installs the contenders. bench/.npmrc leaves out their install scripts: that of onnxruntime-node fetches the CUDA build,
 * while the CPU build is in the package.
 */
export async function installPackages(report: (line: string) => void): Promise<void> {
  if (packagesMatch(benchDir)) return;
  report('installing the packages of bench/');
  const cli = process.env.npm_execpath ?? '';
  const npm = path.basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
  const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
  const [command = 'npm', ...args] = [...npm, 'ci', '--prefix', benchDir, ...flags];
  const outcome = await run(command, args, { quiet: true });
  if (!outcome.ok) throw new Error(`npm ci in bench/ failed: ${outcome.errors}`);
}
