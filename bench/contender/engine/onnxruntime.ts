import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Tokenizer } from 'tokenizers';
import { planBatches, type Tokens } from './batches.ts';
import { type Engine, rowsOf } from './engine.ts';
import { type Batch, openSession, type RunBatch } from './onnxruntime-session.ts';
import type { Start } from './protocol.ts';

function padded(batch: readonly Tokens[]): Batch {
  const [texts, width] = [batch.length, batch[0]?.ids.length ?? 0];
  const ids = new BigInt64Array(texts * width);
  const mask = new BigInt64Array(texts * width);
  batch.forEach((text, row) => {
    text.ids.forEach((id, column) => {
      ids[row * width + column] = BigInt(id);
      mask[row * width + column] = 1n;
    });
  });
  return { ids, mask, dims: [texts, width] };
}

/** A session on a thread of its own, since onnxruntime-node runs on the thread that calls it. One batch at a time. */
async function openWorker(file: string, threads: number): Promise<RunBatch> {
  const worker = new Worker(new URL('./onnxruntime-worker.js', import.meta.url), {
    workerData: { file, threads },
  });
  const answer = (): Promise<Float32Array> =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    }).finally(() => worker.removeAllListeners('error')) as Promise<Float32Array>;
  await answer();
  worker.unref();
  return (batch) => {
    const reply = answer();
    worker.postMessage(batch, [batch.ids.buffer, batch.mask.buffer]);
    return reply;
  };
}

/**
 * onnxruntime-node as well as one can drive it by hand: the graph of the whole model, the same native tokenizer as ours,
 * length-sorted batches to a budget of tokens, several sessions on threads of their own where that is faster.
 */
export async function openOnnxruntime(start: Start): Promise<Engine> {
  const tokenizer = Tokenizer.fromFile(start.tokenizer);
  const suffix = start.dtype === 'q8' ? '_quantized' : '';
  const file = path.join(start.folder, 'onnx', `${start.graph}${suffix}.onnx`);
  const [sessions, threads] = [start.sessions ?? 1, start.threads ?? 1];
  const runs =
    sessions === 1
      ? [await openSession(file, threads)]
      : await Promise.all(Array.from({ length: sessions }, () => openWorker(file, threads)));
  return {
    async encode(texts, budget = 512) {
      const encodings = await tokenizer.encodeBatch([...texts]);
      const tokens = encodings.map((encoding, index) => ({ index, ids: encoding.getIds() }));
      const embeddings = new Array<Float32Array>(texts.length);
      const all = tokens.reduce((sum, { ids }) => sum + ids.length, 0);
      // A short list is shared out, so that no session is idle.
      const batches = planBatches(tokens, Math.min(budget, Math.ceil(all / runs.length))).values();
      const work = async (run: RunBatch): Promise<void> => {
        for (const batch of batches) {
          const values = await run(padded(batch));
          rowsOf(values, values.length / batch.length).forEach((row, i) => {
            embeddings[batch[i]?.index as number] = row;
          });
        }
      };
      await Promise.all(runs.map(work));
      return embeddings;
    },
  };
}
