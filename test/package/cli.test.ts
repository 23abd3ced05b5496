import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';
import { tempDir } from '../support/temp.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { version, bin, files } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const command = bin['sentence-torch'] as string;
const run = (...args: string[]) => runNode([command, ...args]);

test('the command is a file of the package that the system can start', (t) => {
  t.true(files.includes(command.split('/')[0]));
  t.true(readFileSync(path.join(root, command), 'utf8').startsWith('#!/usr/bin/env node\n'));
});

test('optimize writes a folder and tells the sizes', async (t) => {
  const parent = tempDir(t);
  const output = path.join(parent, 'narrow');
  const ended = await run(
    'optimize',
    fixture('golden/mean'),
    '--dtype',
    'int8',
    '--output',
    output,
  );
  t.is(ended.stderr, '');
  t.is(ended.stdout, `${output}: 6 weights in int8, model.pt 0.1 MB -> 0.0 MB\n`);
  t.is(ended.code, 0);
  t.deepEqual(readdirSync(parent), ['narrow']);
});

test('--accept-cosine takes a dtype below its floor, and nothing that is no cosine', async (t) => {
  const output = path.join(tempDir(t), 'narrow');
  const coarse = fixture('odd/coarse');
  const args = ['optimize', coarse, '--dtype', 'bfloat16', '--output', output];
  const refused = await run(...args);
  t.regex(refused.stderr, /^ST_LOW_ACCURACY: /);
  t.is(refused.code, 1);
  t.regex((await run(...args, '--accept-cosine', 'x')).stderr, /^ST_INVALID_OPTION: acceptCosine/);
  t.is((await run(...args, '--accept-cosine', '0.2')).code, 0);
});

test('a failure prints its code and message, and ends with 1', async (t) => {
  const ended = await run('optimize', 'no/such/model', '--dtype', 'int8', '--output', tempDir(t));
  t.regex(ended.stderr, /^ST_MODEL_NOT_FOUND: There is no model folder "no\/such\/model"\..*\n$/);
  t.is(ended.stdout, '');
  t.is(ended.code, 1);
});

test('a dtype that does not exist is refused with those that do', async (t) => {
  const ended = await run('optimize', 'x', '--dtype', 'int4', '--output', 'y');
  t.is(ended.stderr, `ST_INVALID_OPTION: dtype is "int4". Give 'bfloat16' or 'int8'.\n`);
  t.is(ended.code, 1);
});

test('--help and --version print and end with 0', async (t) => {
  const help = await run('--help');
  t.regex(help.stdout, /^Usage: sentence-torch optimize <model> --dtype/);
  t.is(help.code, 0);
  t.is((await run('optimize', '--help')).stdout, help.stdout);
  t.like(await run('--version'), { stdout: `${version}\n`, stderr: '', code: 0 });
});

for (const [args, why] of [
  [[], 'no command'],
  [['optimise'], 'no command "optimise"'],
  [['optimize'], 'optimize needs a model'],
  [['optimize', 'x', '--output', 'y'], 'optimize needs --dtype'],
  [['optimize', 'x', '--dtype', 'int8'], 'optimize needs --output'],
  [
    ['optimize', 'x', 'y', '--dtype', 'int8', '--output', 'z'],
    'optimize takes one model, not also y',
  ],
  [['optimize', 'x', '--type', 'int8'], "Unknown option '--type'"],
] as const) {
  test(`\`sentence-torch ${args.join(' ')}\` explains its usage and ends with 2`, async (t) => {
    const ended = await run(...args);
    t.true(ended.stderr.startsWith(`sentence-torch: ${why}`), ended.stderr);
    t.regex(ended.stderr, /\nUsage: sentence-torch optimize/);
    t.is(ended.stdout, '');
    t.is(ended.code, 2);
  });
}
