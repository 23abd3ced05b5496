import type { Reply, Request, TaskTable } from './engine/requests.ts';

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** Questions to another process that wait for their answers, however both travel. */
export class Exchange<Tasks extends TaskTable<Tasks>> {
  /** Fulfilled by the reply that comes unasked, when the process is ready. */
  readonly ready: Promise<unknown>;
  readonly #send: (request: Request<Tasks>) => void;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(send: (request: Request<Tasks>) => void) {
    this.#send = send;
    this.ready = this.#wait(0);
  }

  ask<T extends keyof Tasks>(task: T, options: Tasks[T]['options']): Promise<Tasks[T]['result']> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    const reply = this.#wait(id);
    this.#send({ id, task, options });
    return reply as Promise<Tasks[T]['result']>;
  }

  settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('error' in reply) pending?.reject(new Error(reply.error));
    else pending?.resolve(reply.result);
  }

  /** The process has ended: nobody is left to answer what waits, nor what is asked from now on. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }

  #wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
  }
}
