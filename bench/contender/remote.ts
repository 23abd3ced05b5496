import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root } from '../../scripts/python.ts';
import type { Reply } from './engine/requests.ts';
import { Exchange } from './exchange.ts';
import type { Start, Tasks } from './messages.ts';

const childFile = fileURLToPath(new URL('child.ts', import.meta.url));

/** A contender of the load benchmark in a process of its own. */
export class RemoteContender implements Disposable {
  readonly start: Start;
  readonly #child: ChildProcess;
  readonly #exchange: Exchange<Tasks>;

  private constructor(start: Start) {
    this.start = start;
    this.#child = fork(childFile, [JSON.stringify(start)], {
      cwd: root,
      execArgv: ['--import=tsx'],
      serialization: 'advanced',
      stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
    });
    this.#exchange = new Exchange((request) => this.#child.send(request));
    const named = (why: string): string => `${start.contender}: ${why}`;
    const end = (why: string): void => this.#exchange.end(new Error(named(why)));
    this.#child.on('message', (reply: Reply) =>
      this.#exchange.settle('error' in reply ? { ...reply, error: named(reply.error) } : reply),
    );
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('exit', (code, signal) => end(`its process ended (${signal ?? code}).`));
  }

  /** Starts the process and waits until its model is loaded. */
  static async open(start: Start): Promise<RemoteContender> {
    const remote = new RemoteContender(start);
    await remote.#exchange.ready;
    return remote;
  }

  ask<T extends keyof Tasks>(task: T, options: Tasks[T]['options']): Promise<Tasks[T]['result']> {
    return this.#exchange.ask(task, options);
  }

  [Symbol.dispose](): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
