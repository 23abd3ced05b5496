import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { foundingModel } from '../../scripts/models/founding.ts';
import { fetchModel } from '../../scripts/models/model.ts';
import { root } from '../../scripts/python.ts';
import type { Encoder, Setting } from '../contender/encoders.ts';
import type { Start } from '../contender/engine/protocol.ts';
import type { Shape } from '../workload/operations.ts';
import { onnxModel } from './onnx.ts';

export const modelNames = ['minilm', 'founding'] as const;
export type ModelName = (typeof modelNames)[number];

/** One set of weights in the forms that the contenders read. */
export interface BenchModel {
  readonly name: ModelName;
  readonly source: string;
  readonly exported: string;
  readonly onnx: string;
  readonly shape: Shape;
}

/** Both models cut there. */
export const maxTokens = 256;

const json = (...parts: string[]) => JSON.parse(readFileSync(path.join(...parts), 'utf8'));

function shapeOf(source: string): Shape {
  const config = json(source, 'config.json');
  const dense = path.join(source, '2_Dense', 'config.json');
  const { in_features, out_features } = existsSync(dense)
    ? json(dense)
    : { in_features: 0, out_features: 0 };
  return {
    layers: config.num_hidden_layers,
    hidden: config.hidden_size,
    intermediate: config.intermediate_size,
    dense: [in_features, out_features],
  };
}

type ReportLine = (line: string) => void;

export async function prepareModel(name: ModelName, report: ReportLine): Promise<BenchModel> {
  const { source, model } =
    name === 'minilm'
      ? await fetchModel('all-MiniLM-L6-v2', { report })
      : await foundingModel(report);
  const onnx = await onnxModel(name, source, report);
  return { name, source, exported: model, onnx, shape: shapeOf(source) };
}

const library = pathToFileURL(path.join(root, 'dist', 'index.js')).href;

/** What a contender's process is started with. */
export function startOf(model: BenchModel, encoder: Encoder, setting: Setting): Start {
  const { engine, dtype, optimize } = encoder;
  const folders: Record<string, string> = { 'sentence-torch': model.exported, torch: model.source };
  folders.onnx = model.source;
  const graphs: Record<string, string> = {
    // The pipeline pools and normalizes MiniLM itself, but has no Dense layer.
    'transformers.js': model.name === 'minilm' ? 'model' : 'whole',
    onnxruntime: 'whole',
    onnx: path.join(model.onnx, 'onnx', 'model.onnx'),
  };
  const { threads, sessions } = setting;
  return {
    engine,
    dtype,
    folder: folders[engine] ?? model.onnx,
    graph: graphs[engine] ?? 'model',
    tokenizer: path.join(model.exported, 'tokenizer.json'),
    library,
    maxTokens,
    ...(optimize === undefined ? {} : { optimize }),
    ...(threads === undefined ? {} : { threads }),
    ...(sessions === undefined ? {} : { sessions }),
  };
}
