// A process (or a worker in one) that ends in the way named by its arguments while the model is in the state named.
// exit.test.ts starts it: node exit.mjs <model folder> <way> <state>
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SentenceTransformer } from 'sentence-torch';

const [folder, way, state] = isMainThread ? process.argv.slice(2) : workerData;

const ways = {
  'natural end': () => {},
  'process.exit': () => process.exit(0),
  throw: () => {
    setImmediate(() => {
      throw new Error('on purpose');
    });
  },
  'unhandled rejection': () => {
    Promise.reject(new Error('on purpose'));
  },
  'SIGTERM handler': () => {
    process.once('SIGTERM', () => process.exit(0));
    process.kill(process.pid, 'SIGTERM');
  },
  'process.reallyExit': () => process.reallyExit(0),
};

/** Tells the test when the end began. */
const leave = () => writeSync(1, `${Date.now()}`);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Long enough to tokenize and hand over to a stream, far shorter than a load or a batch of the slow model. */
async function handedOver() {
  for (let i = 0; i < 20_000; i++) await turn();
}

/** Brings the model into the state, without waiting for what it started. */
async function enter() {
  if (state === 'loading') {
    SentenceTransformer.load(folder, { device: 'cpu' }).catch(() => {});
    const { cache } = createRequire(import.meta.url);
    while (!Object.keys(cache).some((file) => file.endsWith('sentence_torch.node'))) await turn();
    await handedOver();
    return;
  }
  const model = await SentenceTransformer.load(folder, { device: 'cpu', streams: 2 });
  if (state === 'idle') return;
  // In forward: as many batches as streams. Queued: more, most of which wait.
  const texts = Array.from({ length: state === 'queued' ? 8 : 2 }, (_, i) => `text ${i}`);
  for (const text of texts) model.encode(text, { batchSize: 1 }).catch(() => {});
  await handedOver();
  const { runningBatches, texts: done } = model.stats();
  if (runningBatches === 0 || done > 0) throw new Error('the model is not in the state wanted');
}

if (!isMainThread) {
  await enter();
  parentPort.postMessage('entered');
  // Alive until the main thread terminates it.
  setInterval(() => {}, 1000);
} else if (way === 'worker.terminate' || way === 'process.exit beside a worker') {
  const worker = new Worker(new URL(import.meta.url), { workerData: [folder, way, state] });
  await new Promise((resolve) => worker.once('message', resolve));
  leave();
  if (way === 'worker.terminate') await worker.terminate();
  else process.exit(3); // this thread never loaded a model
} else {
  await enter();
  leave();
  ways[way]();
}
