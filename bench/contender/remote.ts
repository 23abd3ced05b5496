import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root } from '../../scripts/python.ts';
import type { Reply, Start, TaskName, Tasks } from './messages.ts';

const childFile = fileURLToPath(new URL('child.ts', import.meta.url));

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** A contender in a process of its own. */
export class RemoteContender implements Disposable {
  readonly start: Start;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  private constructor(start: Start) {
    this.start = start;
    this.#child = fork(childFile, [JSON.stringify(start)], {
      cwd: root,
      execArgv: ['--import=tsx'],
      serialization: 'advanced',
      stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
    });
    this.#child.on('message', (reply: Reply) => this.#settle(reply));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) =>
      this.#fail(new Error(`The process of ${start.contender} ended (${signal ?? code}).`)),
    );
  }

  /** Starts the process and waits until its model is loaded. */
  static async open(start: Start): Promise<RemoteContender> {
    const remote = new RemoteContender(start);
    await remote.#wait(0);
    return remote;
  }

  ask<T extends TaskName>(task: T, options: Tasks[T]['options']): Promise<Tasks[T]['result']> {
    const id = ++this.#lastId;
    const reply = this.#wait(id);
    this.#child.send({ id, task, options });
    return reply as Promise<Tasks[T]['result']>;
  }

  [Symbol.dispose](): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('error' in reply) pending?.reject(new Error(`${this.start.contender}: ${reply.error}`));
    else pending?.resolve(reply.result);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
