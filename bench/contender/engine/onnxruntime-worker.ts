/** One session on a thread of its own: batches come as messages, embeddings go back as messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, openSession } from './onnxruntime-session.ts';

const { file, threads } = workerData as { file: string; threads: number };
const run = await openSession(file, threads);
parentPort?.on('message', async (batch: Batch) => {
  parentPort?.postMessage(await run(batch));
});
parentPort?.postMessage('ready');
