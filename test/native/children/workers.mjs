// Creates and terminates workers that use the model, half of them in the middle of a batch, while the main thread's own
// encodes go on. Prints one line of JSON. workers.test.ts starts it: node workers.mjs <model folder> <number of workers>
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SentenceTransformer } from 'sentence-torch';

if (isMainThread) await main(process.argv[2], Number(process.argv[3]));
else await work(workerData);

async function main(folder, count) {
  const model = await SentenceTransformer.load(folder, { device: 'cpu', streams: 1 });
  const reference = await model.encode('hello');
  let own = 0;
  let different = 0;
  let running = true;
  const background = (async () => {
    while (running) {
      const embedding = await model.encode('hello');
      if (embedding.some((value, i) => Math.abs(value - reference[i]) > 1e-5)) different++;
      own++;
    }
  })();
  for (let i = 0; i < count; i++) await oneWorker(folder, i % 2 === 0);
  running = false;
  await background;
  await model.dispose();
  console.log(JSON.stringify({ workers: count, own, different }));
}

/** Resolves when the worker has ended: by itself after a few encodes, or terminated while it has many more to do. */
function oneWorker(folder, terminated) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { folder, terminated } });
    worker.once('error', reject);
    worker.once('exit', resolve);
    worker.once('message', () => {
      if (terminated) worker.terminate();
    });
  });
}

async function work({ folder, terminated }) {
  const model = await SentenceTransformer.load(folder, { device: 'cpu', streams: 2 });
  const texts = Array.from({ length: 2000 }, (_, i) => `text number ${i}`);
  const pending = model.encode(terminated ? texts : texts.slice(0, 20), {
    batchSize: 4,
    showProgressBar: ({ completed }) => {
      if (completed === 4) parentPort.postMessage('in the middle');
    },
  });
  await pending;
}
