import test from 'ava';
import { type LoadOptions, SentenceTransformer } from '../../lib/index.ts';
import { fixture, goldenTexts, modelsIn } from '../support/fixtures.ts';
import { maxAbsDiff } from '../support/vectors.ts';

const load = (name: string, options: LoadOptions = {}) =>
  SentenceTransformer.load(fixture(name), { device: 'cpu', ...options });

for (const name of ['odd/short', 'odd/broadcast']) {
  test(`${name} is optimised where its shapes allow, and gives what the plain trace gives`, async (t) => {
    await using plain = await load(name, { optimize: false });
    await using optimised = await load(name);
    const passes = optimised.optimizations.map((pass) => pass.name);
    t.true(passes.includes('linear'), passes.join());
    const expected = await plain.encode(goldenTexts());
    t.true(maxAbsDiff(await optimised.encode(goldenTexts()), expected) <= 1e-5);
  });
}

const lying = modelsIn('odd').filter((name) => name.includes('lying-'));

test('there are models whose weights have other sizes than their layers', (t) => {
  t.is(lying.length, 4);
});

for (const name of lying) {
  test(`${name} is refused with a code, optimised or not`, async (t) => {
    for (const optimize of [true, false]) {
      const { code } = await t.throwsAsync<Error & { code: string }>(load(name, { optimize }));
      t.is(code, 'ST_MODEL_DAMAGED');
    }
  });
}
