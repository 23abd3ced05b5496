/**
 * The process of one contender. Load is made in it, as in a server that embeds: what the event loop of the contender
 * suffers, its callers suffer. Started by remote.ts, with which it speaks over the IPC channel.
 */
import { type Contender, openContender } from './contender.ts';
import type { Reply, Request, Start, TaskName } from './messages.ts';
import { tasks } from './tasks.ts';

const start = JSON.parse(process.argv[2] ?? '') as Start;

function send(reply: Reply): void {
  process.send?.(reply);
}

async function answer<T extends TaskName>(
  contender: Contender,
  { id, task, options }: Request<T>,
): Promise<void> {
  try {
    send({ id, result: await tasks[task](contender, options) });
  } catch (error) {
    send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

const contender = await openContender(start);
process.on('message', (request: Request) => void answer(contender, request));
process.on('disconnect', () => process.exit());
send({ id: 0, result: 'ready' });
