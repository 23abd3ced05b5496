import test from 'ava';
import { optimizeModel, SentenceTransformer } from '../../lib/index.ts';
import { loadAddon } from '../../lib/native/addon.ts';
import { fixture, goldenTexts } from '../support/fixtures.ts';
import { runNode } from '../support/run-child.ts';
import { tempDir } from '../support/temp.ts';
import { maxAbsDiff } from '../support/vectors.ts';

const texts = goldenTexts();
const load = (name: string, options = {}) =>
  SentenceTransformer.load(fixture(name), { device: 'cpu', ...options });

const faults = [
  ['odd/divides', 'ZeroDivisionError'],
  ['odd/turns', 'it computes something else than the plain model'],
] as const;

for (const [name, reason] of faults) {
  test(`${name}: the pass that does not hold is left out, the others are not, and the values are right`, async (t) => {
    await using model = await load(name);
    const found = Object.fromEntries(model.optimizations.map((one) => [one.name, one]));
    t.deepEqual(found.pool, { name: 'pool', count: 0, leftOut: reason });
    t.deepEqual(found.qkv, { name: 'qkv', count: 1 });
    await using plain = await load(name, { optimize: false });
    t.true(maxAbsDiff(await model.encode(texts), await plain.encode(texts)) <= 1e-5);
  });

  test(`${name}: is converted too`, async (t) => {
    await using model = await load(name, { dtype: 'int8' });
    t.is(model.dtype, 'int8');
  });
}

test('a pass left out is told by one warning with a code, however often the model is loaded', async (t) => {
  const script = `
    import { SentenceTransformer } from 'sentence-torch';
    process.on('warning', ({ code, message }) => console.log(code, message));
    for (let i = 0; i < 2; i++) {
      const model = await SentenceTransformer.load(${JSON.stringify(fixture('odd/turns'))}, { device: 'cpu' });
      await model.dispose();
    }
  `;
  const { stdout } = await runNode(['--input-type=module', '--eval', script]);
  t.regex(
    stdout,
    /^ST_OPTIMIZATION_LEFT_OUT turns runs without the optimisation 'pool': [^\n]+\n$/,
  );
});

test('a dtype that this model can not have is refused with the figure', async (t) => {
  for (const [dtype, floor] of [
    ['bfloat16', '0.9995'],
    ['int8', '0.98'],
  ] as const) {
    await t.throwsAsync(load('odd/coarse', { dtype }), {
      code: 'ST_LOW_ACCURACY',
      name: 'InputError',
      message: new RegExp(
        `cosine as low as 0\\.\\d{4} to those in float32, below ${floor}\\. .*acceptCosine: 0\\.\\d+`,
      ),
    });
  }
});

test('acceptCosine takes a dtype below its floor, and is a floor itself', async (t) => {
  await using model = await load('odd/coarse', { dtype: 'bfloat16', acceptCosine: 0.2 });
  t.is(model.dtype, 'bfloat16');
  await t.throwsAsync(load('odd/coarse', { dtype: 'bfloat16', acceptCosine: 0.5 }), {
    code: 'ST_LOW_ACCURACY',
  });
  await t.throwsAsync(load('golden/mean', { dtype: 'bfloat16', acceptCosine: 1 }), {
    code: 'ST_LOW_ACCURACY',
  });
});

test('a folder that is not accurate enough is not written, unless it is accepted', async (t) => {
  const output = `${tempDir(t)}/coarse`;
  const dtype = 'bfloat16';
  await t.throwsAsync(optimizeModel(fixture('odd/coarse'), output, { dtype }), {
    code: 'ST_LOW_ACCURACY',
  });
  await t.notThrowsAsync(optimizeModel(fixture('odd/turns'), output, { dtype, acceptCosine: 0.5 }));
});

for (const acceptCosine of [0, -1, 1.5, Number.NaN, '0.9', null]) {
  test(`acceptCosine: ${JSON.stringify(acceptCosine)} (${typeof acceptCosine}) is refused`, async (t) => {
    const expected = { code: 'ST_INVALID_OPTION', message: /^acceptCosine is / };
    await t.throwsAsync(load('golden/mean', { acceptCosine }), expected);
    const options = { dtype: 'int8', acceptCosine } as unknown as { dtype: 'int8' };
    await t.throwsAsync(optimizeModel(fixture('golden/mean'), tempDir(t), options), expected);
  });
}

/** As 'auto' does it on a CPU with bfloat16, whatever this CPU has. */
test('a dtype that was not asked for by name gives way to float32, and the report says so', async (t) => {
  const session = new (loadAddon().Session)({
    modelPath: `${fixture('odd/coarse')}/model.pt`,
    device: 'cpu',
    dimension: 16,
    maxSeqLength: 24,
    padTokenId: 0,
    padLeft: false,
    tokenTypeIds: false,
    streams: 1,
    intraOpThreads: 1,
    dtype: 'bfloat16',
    optimize: true,
    disabledPasses: [],
    minCosine: 0.9995,
    mayFallBack: true,
  });
  const { leftOut, cosine, passes } = await session.load();
  await session.dispose();
  t.is(leftOut.length, 1);
  t.like(leftOut[0], { name: 'bfloat16' });
  t.regex(leftOut[0]?.reason ?? '', /^the cosine to float32 is 0\.\d+/);
  t.is(cosine, undefined);
  t.true(passes.some(({ name }) => name === 'linear'));
});
