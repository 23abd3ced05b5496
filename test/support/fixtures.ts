import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** The folder of a fixture, such as `golden/mean`. */
export function fixture(name: string): string {
  return path.join(fixtures, name);
}

/** The model folders of a set, such as `golden`. */
export function modelsIn(set: string): string[] {
  return readdirSync(fixture(set), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'source')
    .map((entry) => path.join(set, entry.name));
}

/** The texts that every golden vector is made of. */
export function goldenTexts(): string[] {
  return readJson('golden/texts.json') as string[];
}

/** What Python's `model.encode(texts, prompt_name=...)` gave. */
export interface ExpectedCase {
  readonly promptName: string | null;
  readonly vectors: readonly (readonly number[])[];
}

/** Python's vectors of a model. */
export function expectedCases(model: string): ExpectedCase[] {
  return (readJson(`${model}/expected.json`) as { cases: ExpectedCase[] }).cases;
}

/** The normalization table of SentencePiece that XLM-R, T5 and ALBERT carry. */
export function precompiledCharsmap(): Buffer {
  return gunzipSync(readFileSync(fixture('charsmap/nmt_nfkc.bin.gz')));
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(fixture(name), 'utf8'));
}
