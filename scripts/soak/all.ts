/**
 * All soaks, one after the other, each in a process of its own and with a JSON line of its own; exits 1 if one of them did.
 *
 *   npm run test:soak [-- --small] [-- --only overload,aborts,stream,processes]
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Each soak and the arguments that make it small enough for every change. */
const soaks: Readonly<Record<string, readonly string[]>> = {
  overload: ['--seconds=6'],
  aborts: ['--count=20000'],
  stream: ['--count=60000'],
  processes: ['--exit-runs=1', '--workers=20'],
};

function passes(name: string, args: readonly string[]): Promise<boolean> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import=tsx', file, ...args], { stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(error);
      resolve(false);
    });
    child.on('close', (code, signal) => {
      if (signal !== null) console.error(`${name}: ended by ${signal}`);
      resolve(code === 0);
    });
  });
}

const { values } = parseArgs({
  options: { small: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const names = values.only?.split(',') ?? Object.keys(soaks);
const unknown = names.filter((name) => !Object.hasOwn(soaks, name));
if (unknown.length > 0) {
  console.error(
    `There is no soak ${unknown.join(', ')}. There are: ${Object.keys(soaks).join(', ')}.`,
  );
  process.exitCode = 2;
} else {
  for (const name of names) {
    console.error(`• ${name}`);
    if (!(await passes(name, values.small ? (soaks[name] ?? []) : []))) process.exitCode = 1;
  }
}
