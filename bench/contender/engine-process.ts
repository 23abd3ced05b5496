import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { root, venvPython } from '../../scripts/python.ts';
import type { Reply, Start, TaskName, Tasks } from './engine/protocol.ts';

const benchDir = path.join(root, 'bench');
export const builtEngines = path.join(benchDir, '.build', 'engine');

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** A library in a process of its own. */
export class EngineProcess implements Disposable {
  /** From the start of the process until the model was loaded, and the part of it that the library took. */
  readonly startMs: number;
  readonly loadMs: number;
  readonly #channel: Channel;

  private constructor(channel: Channel, startMs: number, loadMs: number) {
    this.#channel = channel;
    this.startMs = startMs;
    this.loadMs = loadMs;
  }

  /** Starts it and waits until its model is loaded. `packages`: where Python finds what its environment has not. */
  static async open(start: Start, packages: string): Promise<EngineProcess> {
    const python = start.engine === 'torch' || start.engine === 'onnx';
    const [command, script] = python
      ? [venvPython, path.join(benchDir, 'python', 'engine.py')]
      : [process.execPath, path.join(builtEngines, 'child.js')];
    const env = python ? { ...process.env, PYTHONPATH: packages } : process.env;
    const started = performance.now();
    const child = spawn(command, [script, JSON.stringify(start)], {
      cwd: root,
      env,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const channel = new Channel(child);
    const { loadMs } = (await channel.wait(0)) as { loadMs: number };
    return new EngineProcess(channel, performance.now() - started, loadMs);
  }

  ask<T extends TaskName>(task: T, options: Tasks[T]['options']): Promise<Tasks[T]['result']> {
    return this.#channel.ask(task, options) as Promise<Tasks[T]['result']>;
  }

  [Symbol.dispose](): void {
    this.#channel.close();
  }
}

/** Requests out, replies in; what the process says besides is told if it fails. */
class Channel {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #said = '';
  #lastId = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-2000);
      });
    }
    child.stdin?.on('error', () => {}); // told by 'close'
    const replies = createInterface({ input: child.stdio[3] as Readable });
    replies.on('line', (line) => this.#settle(JSON.parse(line) as Reply));
    child.on('error', (error) => this.#fail(error));
    child.on('close', (code, signal) =>
      this.#fail(new Error(`its process ended (${signal ?? code}). ${this.#said.trim()}`)),
    );
  }

  wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  ask(task: string, options: unknown): Promise<unknown> {
    const id = ++this.#lastId;
    const reply = this.wait(id);
    this.#child.stdin?.write(`${JSON.stringify({ id, task, options })}\n`);
    return reply;
  }

  /** The process ends by itself when nothing more can come. */
  close(): void {
    this.#child.stdin?.end();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('error' in reply) pending?.reject(new Error(reply.error));
    else pending?.resolve(reply.result);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
