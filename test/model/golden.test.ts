import test from 'ava';
import { type EncodeOptions, SentenceTransformer } from '../../lib/index.ts';
import { expectedCases, fixture, goldenTexts, modelsIn } from '../support/fixtures.ts';
import { maxAbsDiff } from '../support/vectors.ts';

const texts = goldenTexts();

for (const model of ['golden', 'families', 'legacy'].flatMap(modelsIn)) {
  for (const { promptName, vectors } of expectedCases(model)) {
    const prompt = promptName === null ? '' : ` with the prompt "${promptName}"`;
    test(`${model} gives Python's vectors${prompt}`, async (t) => {
      await using loaded = await SentenceTransformer.load(fixture(model));
      const options: EncodeOptions = promptName === null ? {} : { promptName };
      const embeddings = await loaded.encode(texts, { ...options, convertToTensor: false });
      t.true(maxAbsDiff(embeddings, vectors) <= 1e-5, `${maxAbsDiff(embeddings, vectors)}`);
    });
  }
}

test('the golden vectors tell texts apart, so that agreeing with them means something', (t) => {
  for (const model of modelsIn('golden')) {
    const { vectors } = expectedCases(model)[0] as { vectors: readonly (readonly number[])[] };
    const [first, second] = vectors as [readonly number[], readonly number[]];
    t.true(maxAbsDiff([first], [second]) > 1e-2, model);
  }
});
