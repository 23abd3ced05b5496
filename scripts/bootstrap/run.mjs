/** Running other programs. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from './state.mjs';

/** A step that did not work; its message is all there is to say. */
export class StepError extends Error {}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{env?: object, cwd?: string, stdio?: any, shell?: boolean}} options
 * @returns {Promise<{code: number | null, signal: NodeJS.Signals | null, output: string, stdout: string}>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
      shell: options.shell ?? false,
    });
    // This process waits, so that the child's end is the end. A terminal sends ^C to both of us by itself.
    const handlers = forwarded.map((signal) => {
      const handler = () => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      };
      process.on(signal, handler);
      return () => process.removeListener(signal, handler);
    });
    let output = '';
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    const end = (code, signal, extra = '') => {
      for (const remove of handlers) remove();
      resolve({ code, signal, output: output + extra, stdout });
    };
    child.on('error', (error) => end(127, null, error.message));
    child.on('close', (code, signal) => end(code, signal));
  });
}

/** Runs a program whose output matters only when it fails. Returns its standard output. */
export async function must(what, command, args, options = {}) {
  const { code, signal, output, stdout } = await run(command, args, options);
  if (signal !== null) throw new StepError(`${what}: ended by ${signal}`);
  if (code !== 0)
    throw new StepError(`${output.trimEnd()}\n${what} failed (see above).`.trimStart());
  return stdout;
}

/** npm, by the same npm that runs us if there is one. @returns {[string, string[], object]} */
export function npm(...args) {
  const cli = process.env.npm_execpath ?? '';
  if (path.basename(cli) === 'npm-cli.js') return [process.execPath, [cli, ...args], {}];
  return ['npm', args, { shell: process.platform === 'win32' }];
}

/** A TypeScript file of ours. @returns {[string, string[]]} */
export function tsx(script, ...args) {
  return [process.execPath, ['--import', 'tsx', script, ...args]];
}
