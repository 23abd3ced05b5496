import path from 'node:path';
import envPaths from 'env-paths';

/**
 * The folder in which libtorch, models and other fetched files are kept between runs:
 * `SENTENCE_TORCH_CACHE`, or the cache folder of the user on this system.
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env.SENTENCE_TORCH_CACHE;
  return chosen ? path.resolve(chosen) : envPaths('sentence-torch', { suffix: '' }).cache;
}
