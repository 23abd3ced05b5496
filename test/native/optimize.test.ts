import test from 'ava';
import { type LoadOptions, SentenceTransformer } from '../../lib/index.ts';
import { loadAddon } from '../../lib/native/addon.ts';
import { fixture } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';

const folder = fixture('golden/mean');
const load = (options: LoadOptions) =>
  SentenceTransformer.load(folder, { device: 'cpu', ...options });

test('a model tells the dtype it is computed in, auto resolved', async (t) => {
  await using plain = await load({});
  t.is(plain.dtype, 'float32');
  await using auto = await load({ dtype: 'auto' });
  t.is(auto.dtype, loadAddon().cpu().bfloat16 ? 'bfloat16' : 'float32');
});

test('a model without a layer to convert is refused in a narrow dtype, and float32 with auto', async (t) => {
  // It writes into a tensor, so the optimiser leaves it alone.
  const writes = fixture('odd/writes');
  for (const dtype of ['int8', 'bfloat16'] as const) {
    await t.throwsAsync(SentenceTransformer.load(writes, { device: 'cpu', dtype }), {
      code: 'ST_INVALID_OPTION',
      message: new RegExp(`^dtype is '${dtype}', but the optimiser finds no linear layer`),
    });
  }
  await using auto = await SentenceTransformer.load(writes, { device: 'cpu', dtype: 'auto' });
  t.is(auto.dtype, 'float32');
});

test('without the optimiser a model lists no optimizations', async (t) => {
  await using model = await load({ optimize: false });
  t.deepEqual(model.optimizations, []);
});

test('an unknown pass is refused with the names that exist', async (t) => {
  await t.throwsAsync(load({ optimize: { disable: ['linear', 'lineal'] } }), {
    code: 'ST_INVALID_OPTION',
    message:
      'optimize.disable names the pass "lineal", which does not exist. ' +
      'There are: qkv, linear, activation, add-norm, linear-add-norm, feed-forward, unpad, pool, float32x2.',
  });
});

test('the pass that converts weights cannot be switched off for a dtype that needs it', async (t) => {
  await t.throwsAsync(load({ dtype: 'int8', optimize: { disable: ['linear'] } }), {
    code: 'ST_INVALID_OPTION',
    message: /only dtype 'float32' can do without it/,
  });
});

test('a disabled pass is not in the report', async (t) => {
  await using all = await load({});
  for (const { name, count } of all.optimizations) {
    t.true(count > 0, name);
    await using model = await load({ optimize: { disable: [name] } });
    t.false(
      model.optimizations.some((pass) => pass.name === name),
      name,
    );
  }
  t.pass();
});

test('SENTENCE_TORCH_DEBUG=graph prints passes and graph to stderr, and nothing is printed without', async (t) => {
  const script = `
    import { SentenceTransformer } from 'sentence-torch';
    const model = await SentenceTransformer.load(${JSON.stringify(folder)}, { device: 'cpu' });
    await model.dispose();
  `;
  const args = ['--input-type=module', '--eval', script];
  const debugging = await runNode(args, { env: { SENTENCE_TORCH_DEBUG: 'graph' } });
  t.regex(debugging.stderr, /^sentence-torch: .+\npasses: .+\ngraph\(%/m);
  t.is((await runNode(args, { env: {} })).stderr, '');
});
