import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { root, venvPython } from '../../scripts/python.ts';
import type { Start, Tasks } from './engine/protocol.ts';
import type { Reply } from './engine/requests.ts';
import { Exchange } from './exchange.ts';

const benchDir = path.join(root, 'bench');
export const builtEngines = path.join(benchDir, '.build', 'engine');

/** Requests on its standard input, replies on a pipe of their own; what the process says besides is told if it fails. */
function exchangeWith(child: ChildProcess): Exchange<Tasks> {
  const exchange = new Exchange<Tasks>((request) => {
    child.stdin?.write(`${JSON.stringify(request)}\n`);
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
  }
  child.stdin?.on('error', () => {}); // told by 'close'
  const replies = createInterface({ input: child.stdio[3] as Readable });
  replies.on('line', (line) => exchange.settle(JSON.parse(line) as Reply));
  child.on('error', (error) => exchange.end(error));
  child.on('close', (code, signal) =>
    exchange.end(new Error(`its process ended (${signal ?? code}). ${said.trim()}`)),
  );
  return exchange;
}

/** A library in a process of its own. */
export class EngineProcess implements Disposable {
  /** Import of the library and load of the model. */
  readonly loadMs: number;
  readonly #child: ChildProcess;
  readonly #exchange: Exchange<Tasks>;

  private constructor(child: ChildProcess, exchange: Exchange<Tasks>, loadMs: number) {
    this.#child = child;
    this.#exchange = exchange;
    this.loadMs = loadMs;
  }

  /** Starts it and waits until its model is loaded. `packages`: where Python finds what its environment has not. */
  static async open(start: Start, packages: string): Promise<EngineProcess> {
    const python = start.engine === 'torch' || start.engine === 'onnx';
    const [command, script] = python
      ? [venvPython, path.join(benchDir, 'python', 'engine.py')]
      : [process.execPath, path.join(builtEngines, 'child.js')];
    const env = python ? { ...process.env, PYTHONPATH: packages } : process.env;
    const child = spawn(command, [script, JSON.stringify(start)], {
      cwd: root,
      env,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const exchange = exchangeWith(child);
    const { loadMs } = (await exchange.ready) as { loadMs: number };
    return new EngineProcess(child, exchange, loadMs);
  }

  ask<T extends keyof Tasks>(task: T, options: Tasks[T]['options']): Promise<Tasks[T]['result']> {
    return this.#exchange.ask(task, options);
  }

  /** The process ends by itself when nothing more can come. */
  [Symbol.dispose](): void {
    this.#child.stdin?.end();
  }
}
