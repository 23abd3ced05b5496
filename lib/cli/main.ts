#!/usr/bin/env node
/** The command `sentence-torch`. Exit codes: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { SentenceTorchError } from '../errors.ts';
import { type OptimizeOptions, optimizeModel } from '../optimize-model.ts';

const usage = `Usage: sentence-torch optimize <model> --dtype <bfloat16|int8> --output <folder> [--accept-cosine <number>]

Converts a float32 model folder once, into a smaller one whose linear layers have bfloat16 or int8 weights.

  <model>            path of a model folder, or the name of a model in the cache
  --dtype <dtype>    bfloat16 (cosine to float32 at least 0.9995) or int8 (at least 0.98)
  --output <folder>  folder to write; must not exist, or be empty
  --accept-cosine <number>
                     take a dtype below its floor, down to this cosine
  --help             print this
  --version          print the version
`;

/** What the command line asks for, or what is wrong with it. */
type Request =
  | { print: string }
  | { wrong: string }
  | { model: string; output: string; dtype: string; acceptCosine: string | undefined };

function read(args: readonly string[]): Request {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dtype: { type: 'string' },
      output: { type: 'string' },
      'accept-cosine': { type: 'string' },
      help: { type: 'boolean' },
      version: { type: 'boolean' },
    },
  });
  if (values.help) return { print: usage };
  if (values.version) return { print: `${version()}\n` };
  const [command, model, ...rest] = positionals;
  const { dtype, output, 'accept-cosine': acceptCosine } = values;
  if (command === undefined) return { wrong: 'no command' };
  if (command !== 'optimize') return { wrong: `no command ${JSON.stringify(command)}` };
  if (model === undefined) return { wrong: 'optimize needs a model' };
  if (rest.length > 0) return { wrong: `optimize takes one model, not also ${rest.join(' ')}` };
  if (dtype === undefined) return { wrong: 'optimize needs --dtype' };
  if (output === undefined) return { wrong: 'optimize needs --output' };
  return { model, dtype, output, acceptCosine };
}

/** parseArgs throws for what it does not know. */
function readOrExplain(args: readonly string[]): Request {
  try {
    return read(args);
  } catch (error) {
    return { wrong: (error as Error).message };
  }
}

function version(): string {
  // The same from lib/cli and from dist/cli.
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function optimize(model: string, output: string, options: OptimizeOptions): Promise<void> {
  const { weights, bytesBefore, bytesAfter } = await optimizeModel(model, output, options);
  console.log(
    `${output}: ${weights} weights in ${options.dtype}, model.pt ${megabytes(bytesBefore)} -> ${megabytes(bytesAfter)}`,
  );
}

/** Runs `work` with a signal that fires when the process is asked to end. Returns the exit code. */
async function untilAsked(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const controller = new AbortController();
  let asked: 'SIGINT' | 'SIGTERM' | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      asked ??= name;
      controller.abort();
    });
  }
  try {
    await work(controller.signal);
    return 0;
  } catch (error) {
    console.error(error instanceof SentenceTorchError ? `${error.code}: ${error.message}` : error);
    return asked === undefined ? 1 : 128 + constants.signals[asked];
  }
}

async function main(args: readonly string[]): Promise<number> {
  const request = readOrExplain(args);
  if ('print' in request) {
    process.stdout.write(request.print);
    return 0;
  }
  if ('wrong' in request) {
    process.stderr.write(`sentence-torch: ${request.wrong}\n\n${usage}`);
    return 2;
  }
  const { model, output, acceptCosine } = request;
  const dtype = request.dtype as OptimizeOptions['dtype']; // checked by optimizeModel()
  const accepted = acceptCosine === undefined ? {} : { acceptCosine: Number(acceptCosine) };
  return untilAsked((signal) => optimize(model, output, { dtype, ...accepted, signal }));
}

process.exitCode = await main(process.argv.slice(2));
