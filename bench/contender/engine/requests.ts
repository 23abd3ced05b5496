/** What a process that measures is asked, and what it answers: an envelope for tasks of any kind. */

/** The tasks of a process: options and result of each. */
export type TaskTable<Tasks> = { [T in keyof Tasks]: { options: unknown; result: unknown } };

export interface Request<Tasks extends TaskTable<Tasks>, T extends keyof Tasks = keyof Tasks> {
  id: number;
  task: T;
  options: Tasks[T]['options'];
}

/** The reply with id 0 comes by itself, once the process is ready. */
export type Reply = { id: number; result: unknown } | { id: number; error: string };

/** What does each task with what the process has loaded. */
export type Handlers<Loaded, Tasks extends TaskTable<Tasks>> = {
  [T in keyof Tasks]: (
    loaded: Loaded,
    options: Tasks[T]['options'],
  ) => Promise<Tasks[T]['result']> | Tasks[T]['result'];
};

/** Does what is asked; an error becomes a reply too, with its stack for the console of who asked. */
export async function replyTo<Loaded, Tasks extends TaskTable<Tasks>, T extends keyof Tasks>(
  handlers: Handlers<Loaded, Tasks>,
  loaded: Loaded,
  { id, task, options }: Request<Tasks, T>,
): Promise<Reply> {
  try {
    return { id, result: await handlers[task](loaded, options) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
