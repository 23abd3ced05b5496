import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { type Workload, workloadTexts } from '../workload/encode-texts.ts';
import { words } from '../workload/texts.ts';
import type { BenchModel } from './models.ts';

/** The texts of a workload, with their lengths in tokens of a model. */
export interface Pool {
  /** JSON: a list of texts. */
  readonly file: string;
  readonly texts: readonly string[];
  readonly tokens: readonly number[];
}

/** Tokens of each word, special ones left out. */
async function wordCounts(tokenizer: Tokenizer): Promise<Map<string, number>> {
  const encodings = await tokenizer.encodeBatch([...words]);
  return new Map(words.map((word, i) => [word, (encodings[i]?.getIds().length ?? 0) - 2]));
}

/** Writes a workload's texts into `folder`, for the contenders' processes. */
export async function makePool(
  { name, exported }: BenchModel,
  workload: Workload,
  folder: string,
): Promise<Pool> {
  const tokenizer = Tokenizer.fromFile(path.join(exported, 'tokenizer.json'));
  const texts = workloadTexts(workload, await wordCounts(tokenizer));
  const encodings = await tokenizer.encodeBatch(texts);
  const file = path.join(folder, `${name}-${workload}.json`);
  await writeFile(file, JSON.stringify(texts));
  return { file, texts, tokens: encodings.map((encoding) => encoding.getIds().length) };
}
