/**
 * The process of one contender. Load is made in it, as in a server that embeds: what the event loop of the contender
 * suffers, its callers suffer. Started by remote.ts, with which it speaks over the IPC channel.
 */
import { openContender } from './contender.ts';
import { type Reply, type Request, replyTo } from './engine/requests.ts';
import type { Start, Tasks } from './messages.ts';
import { tasks } from './tasks.ts';

const start = JSON.parse(process.argv[2] ?? '') as Start;

const send = (reply: Reply): unknown => process.send?.(reply);

const contender = await openContender(start);
process.on('message', async (request: Request<Tasks>) => {
  send(await replyTo(tasks, contender, request));
});
process.on('disconnect', () => process.exit());
send({ id: 0, result: 'ready' });
