/**
 * Text embeddings inside Node.js: whole SentenceTransformer models on libtorch.
 *
 * @packageDocumentation
 */
export type { EncodeOptions, LoadOptions, Progress } from './encode/options.ts';
export {
  DownloadError,
  type ErrorCode,
  ExecutionError,
  InputError,
  ModelError,
  RuntimeError,
  SentenceTorchError,
} from './errors.ts';
export type { SimilarityFunction } from './model-store/manifest.ts';
export type { Dtype } from './native/dtype.ts';
export { type OptimizeOptions, type OptimizeResult, optimizeModel } from './optimize-model.ts';
export type { Priority } from './scheduler/call.ts';
export type {
  BatchEvent,
  CallEvent,
  Percentiles,
  Stats,
  TokenizeEvent,
} from './scheduler/stats.ts';
export type { Hit } from './search/best.ts';
export type { Embeddings, Tensor } from './search/embeddings.ts';
export type { CompareOptions, SimilarityOptions } from './search/options.ts';
export { type SemanticSearchOptions, semanticSearch } from './search/semantic-search.ts';
export { cosSim, similarity } from './search/similarity.ts';
export {
  type DisposeOptions,
  type Optimization,
  SentenceTransformer,
  type StreamOptions,
} from './sentence-transformer.ts';
