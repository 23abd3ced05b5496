import { createError } from '../errors.ts';
import type { Dtype } from '../native/dtype.ts';

/** The version of the model folder's format that this version reads. */
export const formatVersion = 1;

/** The file that describes the others. */
export const manifestName = 'sentence-torch.json';

/** Files that every model folder holds besides its manifest. */
export const modelFiles = ['model.pt', 'tokenizer.json'] as const;

/** How two embeddings of a model are meant to be compared. */
export type SimilarityFunction = 'cosine' | 'dot' | 'euclidean' | 'manhattan';

/** `sentence-torch.json`: what a model folder says of itself. */
export interface Manifest {
  readonly formatVersion: typeof formatVersion;
  readonly name: string;
  /** Values that `model.pt` gives per embedding. */
  readonly dimension: number;
  /** Of them, the first so many that encode() keeps if a call does not say otherwise. Absent: all, as in older folders. */
  readonly truncateDim?: number;
  /** Tokens per text, special tokens and prompt included; longer texts are cut. */
  readonly maxSeqLength: number;
  readonly similarityFunction: SimilarityFunction;
  readonly prompts: Readonly<Record<string, string>>;
  readonly defaultPromptName: string | null;
  /** The modules in order, for people. */
  readonly modules: readonly string[];
  /** What the weights of linear layers are stored in. */
  readonly dtype: Dtype;
  /** The torch that made the trace. */
  readonly torchVersion: string;
  readonly inputs: readonly string[];
  readonly padding: { readonly tokenId: number; readonly side: 'right' | 'left' };
  /** By their names in the folder; there may be others, such as a licence. */
  readonly files: Files;
}

type Files = Readonly<Record<string, FileEntry> & Record<(typeof modelFiles)[number], FileEntry>>;

/** Size and checksum of a file. */
export interface FileEntry {
  readonly sha256: string;
  readonly bytes: number;
}

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === 'string';
const isText: Check = (value) => typeof value === 'string' && value.isWellFormed();
const isIntegerFrom =
  (min: number, max: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
/** Native code holds counts and ids in 32 bits. */
const isCount = isIntegerFrom(1, 2 ** 31 - 1);
const isTokenId = isIntegerFrom(0, 2 ** 31 - 1);
const isOneOf =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isRecordOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const hasFields =
  (fields: Record<string, Check>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const isFileEntry = hasFields({
  sha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  bytes: isIntegerFrom(1, Number.MAX_SAFE_INTEGER),
});

/** Of a file in the folder itself: files are copied by these names. */
const isFileName = (name: string): boolean =>
  !/^\.{0,2}$|[/\\:\0]/.test(name) && name !== manifestName;

const fields: Record<Exclude<keyof Manifest, 'formatVersion'>, Check> = {
  name: isString,
  dimension: isCount,
  truncateDim: (value) => value === undefined || isCount(value),
  maxSeqLength: isCount,
  similarityFunction: isOneOf('cosine', 'dot', 'euclidean', 'manhattan'),
  prompts: isRecordOf(isText),
  defaultPromptName: (value) => value === null || isString(value),
  modules: isListOf(isString),
  dtype: isOneOf('float32', 'bfloat16', 'int8'),
  torchVersion: isString,
  inputs: (value) =>
    isListOf(isOneOf('input_ids', 'attention_mask', 'token_type_ids'))(value) &&
    /^input_ids,attention_mask(,token_type_ids)?$/.test(String(value)),
  padding: hasFields({ tokenId: isTokenId, side: isOneOf('right', 'left') }),
  files: (value) =>
    hasFields(Object.fromEntries(modelFiles.map((name) => [name, isFileEntry])))(value) &&
    Object.entries(value as object).every(
      ([name, entry]) => isFileName(name) && isFileEntry(entry),
    ),
};

/** Reads the text of a `sentence-torch.json`. `file` is its path, for messages. */
export function parseManifest(text: string, file: string): Manifest {
  const value = parseJson(text, file);
  if (!isObject(value) || !Object.hasOwn(value, 'formatVersion')) {
    throw createError('ST_MODEL_DAMAGED', `${file} is no sentence-torch manifest. ${again}`);
  }
  if (value.formatVersion !== formatVersion) {
    throw createError(
      'ST_MODEL_FORMAT',
      `${file} has format version ${JSON.stringify(value.formatVersion)}; this version of sentence-torch reads ` +
        `${formatVersion}. ${again}`,
    );
  }
  if (isObject(value.text) && value.text.lowercase === true) {
    throw createError(
      'ST_MODEL_FORMAT',
      `${file} was written by a version that lower-cased texts itself; now the tokenizer does. ${again}`,
    );
  }
  const wrong = Object.entries(fields).find(([name, check]) => !check(value[name]));
  if (wrong) {
    throw createError(
      'ST_MODEL_DAMAGED',
      `${file}: the field ${JSON.stringify(wrong[0])} is missing or wrong. ${again}`,
    );
  }
  const manifest = value as unknown as Manifest;
  const { defaultPromptName: name, prompts } = manifest;
  if (name !== null && !Object.hasOwn(prompts, name)) {
    throw createError(
      'ST_MODEL_DAMAGED',
      `${file}: the defaultPromptName ${JSON.stringify(name)} is none of its prompts. ${again}`,
    );
  }
  return manifest;
}

const again = 'Export the model again with `npm run export`.';

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw createError('ST_MODEL_DAMAGED', `${file} is not JSON. ${again}`, { cause: error });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
