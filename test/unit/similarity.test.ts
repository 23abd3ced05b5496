import test from 'ava';
import { cosSim, semanticSearch, similarity } from '../../lib/index.ts';

const f = (...values: number[]) => new Float32Array(values);
const round = (values: Iterable<number>) => Array.from(values, (value) => Number(value.toFixed(5)));

// The expected figures are those of sentence_transformers.util.{cos,dot,euclidean,manhattan}_sim.
const a = [f(1, 2, 2), f(0, 0, 0)];
const b = [f(2, 4, 4), f(-1, 0, 2)];

test('cosine similarity of every pair, a zero vector scoring 0', (t) => {
  const { data, dims } = cosSim(a, b);
  t.deepEqual(dims, [2, 2]);
  t.deepEqual(round(data), [1, 0.44721, 0, 0]);
});

test('dot product of every pair', (t) => {
  t.deepEqual(round(similarity(a, b, 'dot').data), [18, 3, 0, 0]);
});

test('euclidean similarity is the negative distance', (t) => {
  t.deepEqual(round(similarity(a, b, 'euclidean').data), [-3, -2.82843, -6, -2.23607]);
});

test('manhattan similarity is the negative distance', (t) => {
  t.deepEqual(round(similarity(a, b, 'manhattan').data), [-5, -4, -10, -3]);
});

test('a single embedding, a list and a tensor mean the same', (t) => {
  const tensor = { data: f(1, 2, 2), dims: [1, 3] };
  t.deepEqual(cosSim(f(1, 2, 2), b), cosSim([f(1, 2, 2)], b));
  t.deepEqual(cosSim(tensor, b), cosSim([f(1, 2, 2)], b));
  t.deepEqual(cosSim({ data: f(1, 2, 2), dims: [3] }, b), cosSim([f(1, 2, 2)], b));
});

test('embeddings of different lengths are refused', (t) => {
  t.throws(() => cosSim(f(1, 2), b), { code: 'ST_INVALID_INPUT', message: /of 2 and of 3 values/ });
});

test('nothing against something is an empty matrix', (t) => {
  t.deepEqual(cosSim([], b), { data: f(), dims: [0, 2] });
});

test('semantic search gives the best hits of each query, best first', (t) => {
  const corpus = [f(0, 1), f(1, 0), f(1, 1)];
  const hits = semanticSearch([f(1, 0.1), f(0, 1)], corpus, { topK: 2 });
  t.deepEqual(
    hits.map((list) => list.map((hit) => hit.corpusId)),
    [
      [1, 2],
      [0, 2],
    ],
  );
});

for (const [name, embeddings] of [
  ['numbers', [1, 2, 3]],
  ['arrays of numbers', [[1, 2, 3]]],
  ['text', 'abc'],
  ['null', null],
  ['a tensor whose sizes do not agree', { data: f(1, 2, 3), dims: [2, 2] }],
  ['a tensor of three dimensions', { data: f(1), dims: [1, 1, 1] }],
] as const) {
  test(`${name} are no embeddings, and are refused rather than scored`, (t) => {
    t.throws(() => cosSim(embeddings as unknown as Float32Array, b), { code: 'ST_INVALID_INPUT' });
  });
}

test('an unknown similarity function is refused with those that exist', (t) => {
  t.throws(() => similarity(a, b, 'cos' as 'cosine'), {
    code: 'ST_INVALID_OPTION',
    message: 'similarityFunction is "cos". Give one of: cosine, dot, euclidean, manhattan.',
  });
});

test('semantic search checks its options', (t) => {
  t.throws(() => semanticSearch(a, b, { topK: -1 }), { code: 'ST_INVALID_OPTION' });
  t.throws(() => semanticSearch(a, b, { top_k: 1 } as object), { code: 'ST_UNKNOWN_OPTION' });
});

test('shapes that can not be are refused at once', (t) => {
  const none = f();
  const shapes: unknown[] = [
    ...[
      [1e9, 0],
      [0, -1],
      [-1, 0],
      [0.5, 0],
      [Number.NaN, 0],
      [2 ** 53, 0],
      [],
      [0, 0, 0],
      ['0', 0],
    ],
    ...[null, 7, new Proxy([], { get: () => -1 })],
  ].map((dims) => ({ data: none, dims }));
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  const lies = new Proxy([f(1)], {
    get: (target, key) => (key === 'length' ? 2 ** 33 : Reflect.get(target, key)),
  });
  for (const odd of [...shapes, proxy, lies, new Array(3)]) {
    t.like(
      t.throws(() => cosSim(odd as Float32Array, b)),
      { code: 'ST_INVALID_INPUT' },
    );
  }
  t.deepEqual(cosSim({ data: none, dims: [0, 3] }, b), { data: none, dims: [0, 2] });
});

test('an embedding with a NaN is never the best hit', (t) => {
  const corpus = [f(1, 0), f(Number.NaN, 0), f(0, 1), f(1, 0)];
  const [hits] = semanticSearch(f(0, 1), corpus, { topK: 4 });
  t.deepEqual(
    hits?.map(({ corpusId }) => corpusId),
    [2, 0, 3, 1],
  );
});
