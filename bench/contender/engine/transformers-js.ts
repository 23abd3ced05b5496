import path from 'node:path';
import {
  AutoModel,
  AutoTokenizer,
  env,
  type PretrainedModelOptions,
  pipeline,
  type Tensor,
} from '@huggingface/transformers';
import { type Engine, rowsOf } from './engine.ts';
import type { Start } from './protocol.ts';

type Run = (texts: string[]) => Promise<Float32Array[]>;
type Settings = Pick<Start, 'folder' | 'threads'> & { dtype: 'fp32' | 'q8' };

const rows = ({ data, dims }: Tensor): Float32Array[] =>
  rowsOf(data as Float32Array, dims.at(-1) as number);

function optionsFor({ folder, threads, dtype }: Settings): PretrainedModelOptions {
  env.allowRemoteModels = false;
  env.localModelPath = path.dirname(folder);
  const options: PretrainedModelOptions = { dtype, device: 'cpu' };
  if (threads !== undefined) options.session_options = { intraOpNumThreads: threads };
  return options;
}

/** The feature-extraction pipeline with mean pooling and normalization, as its pages show it. */
export async function openExtractor(settings: Settings): Promise<Run> {
  const name = path.basename(settings.folder);
  const extract = await pipeline('feature-extraction', name, optionsFor(settings));
  return async (texts) => rows(await extract(texts, { pooling: 'mean', normalize: true }));
}

/**
 * Tokenizer and model: the pipeline has no Dense layer, so the graph holds all modules of the model and gives
 * `sentence_embedding`, as its pages show it for models of that kind.
 */
async function openWhole(settings: Settings, maxTokens: number): Promise<Run> {
  const name = path.basename(settings.folder);
  const options = { ...optionsFor(settings), model_file_name: 'whole' };
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const model = await AutoModel.from_pretrained(name, options);
  return async (texts) => {
    const limits = { padding: true, truncation: true, max_length: maxTokens };
    const { sentence_embedding } = await model(tokenizer(texts, limits));
    return rows(sentence_embedding);
  };
}

/** Batches of texts in the order in which they come: that is what its callers do. */
export async function openTransformersJs(start: Start): Promise<Engine> {
  const settings = { ...start, dtype: start.dtype as 'fp32' | 'q8' };
  const run =
    start.graph === 'whole'
      ? await openWhole(settings, start.maxTokens)
      : await openExtractor(settings);
  return {
    async encode(texts, batch = 1) {
      const embeddings: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += batch) {
        embeddings.push(...(await run(texts.slice(at, at + batch))));
      }
      return embeddings;
    },
  };
}
