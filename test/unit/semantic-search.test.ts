import test from 'ava';
import { type Hit, semanticSearch } from '../../lib/index.ts';

const f = (...values: number[]) => new Float32Array(values);
const ids = (hits: Hit[][]) => hits.map((list) => list.map(({ corpusId }) => corpusId));

/** Rows of values that are exact in float32. */
function rows(count: number, seed: number): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from({ length: 5 }, (_, j) => {
      const value = ((i * 7 + j * 13 + seed) * (i + j + 3)) % 31;
      return (value - 15) / 16;
    }),
  );
}

test('semantic search gives the best hits of each query, best first', async (t) => {
  const corpus = [f(0, 1), f(1, 0), f(1, 1)];
  const hits = await semanticSearch([f(1, 0.1), f(0, 1)], corpus, { topK: 2 });
  t.deepEqual(ids(hits), [
    [1, 2],
    [0, 2],
  ]);
});

// What sentence_transformers.util.semantic_search gives.
for (const [similarityFunction, expected] of [
  [
    'cosine',
    [
      [
        [18, 0.71007],
        [4, 0.68115],
        [19, 0.43684],
      ],
      [
        [7, 0.98616],
        [18, 0.79037],
        [5, 0.74922],
      ],
      [
        [22, 1.0],
        [19, 0.923],
        [11, 0.807],
      ],
    ],
  ],
  [
    'dot',
    [
      [
        [18, 1.35547],
        [4, 1.35156],
        [28, 0.83984],
      ],
      [
        [5, 1.12109],
        [18, 0.97656],
        [7, 0.76172],
      ],
      [
        [27, 1.19531],
        [19, 1.11719],
        [22, 0.99219],
      ],
    ],
  ],
  [
    'euclidean',
    [
      [
        [18, -1.06434],
        [4, -1.1302],
        [7, -1.40729],
      ],
      [
        [7, -0.19764],
        [18, -0.80283],
        [10, -1.02698],
      ],
      [
        [22, 0.0],
        [19, -0.48412],
        [11, -0.60917],
      ],
    ],
  ],
  [
    'manhattan',
    [
      [
        [18, -2.0],
        [4, -2.1875],
        [7, -2.5625],
      ],
      [
        [7, -0.375],
        [18, -1.5625],
        [10, -1.875],
      ],
      [
        [22, 0.0],
        [19, -0.875],
        [11, -1.1875],
      ],
    ],
  ],
] as const) {
  test(`semantic search by ${similarityFunction} gives what Python gives`, async (t) => {
    const hits = await semanticSearch(rows(3, 1), rows(31, 4), { topK: 3, similarityFunction });
    t.deepEqual(
      hits.map((list) => list.map(({ corpusId, score }) => [corpusId, Number(score.toFixed(5))])),
      expected as unknown as number[][][],
    );
  });
}

test('equal scores come in the order of the corpus, whichever are kept', async (t) => {
  const corpus = Array.from({ length: 9 }, (_, i) => (i % 3 === 0 ? f(1, 0) : f(0, 1)));
  t.deepEqual(ids(await semanticSearch(f(1, 0), corpus, { topK: 2 })), [[0, 3]]);
  t.deepEqual(ids(await semanticSearch(f(1, 0), corpus, { topK: 5 })), [[0, 3, 6, 1, 2]]);
  t.deepEqual(ids(await semanticSearch(f(1, 0), corpus, { topK: 99 })), [
    [0, 3, 6, 1, 2, 4, 5, 7, 8],
  ]);
});

test('hits of any number are those of sorting all scores', async (t) => {
  const corpus = Float32Array.from({ length: 3000 }, (_, i) => ((i * 7919) % 1013) - 500);
  const sorted = Array.from(corpus, (score, corpusId) => ({ corpusId, score })).sort(
    (a, b) => b.score - a.score || a.corpusId - b.corpusId,
  );
  for (const topK of [1, 2, 7, 1000, 3000, Number.MAX_SAFE_INTEGER]) {
    const [hits] = await semanticSearch(
      f(1),
      { data: corpus, dims: [3000, 1] },
      { topK, similarityFunction: 'dot' },
    );
    t.deepEqual(hits, sorted.slice(0, topK));
  }
});

test('ten hits are given if topK is left out, and all of a smaller corpus', async (t) => {
  const [many] = await semanticSearch(f(1), { data: new Float32Array(20).fill(1), dims: [20, 1] });
  t.is(many?.length, 10);
  t.deepEqual(ids(await semanticSearch(f(1), [f(1), f(2)])), [[0, 1]]);
});

test('nothing has no hits', async (t) => {
  t.deepEqual(await semanticSearch([], [f(1)]), []);
  t.deepEqual(await semanticSearch([f(1), f(2)], []), [[], []]);
});

test('an embedding with NaN is refused by its place, never ranked', async (t) => {
  const broken = f(Number.NaN, 0);
  for (const similarityFunction of ['cosine', 'dot', 'euclidean', 'manhattan'] as const) {
    await t.throwsAsync(
      semanticSearch(f(0, 1), [f(1, 0), broken, f(0, 1)], { similarityFunction }),
      {
        code: 'ST_INVALID_INPUT',
        message: /^The embedding at index 1 of corpus holds values that are no finite numbers/,
      },
    );
    await t.throwsAsync(semanticSearch([f(0, 1), broken], [f(1, 0)], { similarityFunction }), {
      code: 'ST_INVALID_INPUT',
      message: /^The embedding at index 1 of queries holds/,
    });
  }
});

test('an infinite score has its place', async (t) => {
  const corpus = [f(1), f(Number.POSITIVE_INFINITY), f(Number.NEGATIVE_INFINITY)];
  const hits = await semanticSearch(f(1), corpus, { similarityFunction: 'dot' });
  t.deepEqual(ids(hits), [[1, 0, 2]]);
});

test('semantic search checks its options', async (t) => {
  await t.throwsAsync(semanticSearch(f(1), f(1), { topK: -1 }), { code: 'ST_INVALID_OPTION' });
  await t.throwsAsync(semanticSearch(f(1), f(1), { top_k: 1 } as object), {
    code: 'ST_UNKNOWN_OPTION',
  });
  await t.throwsAsync(semanticSearch(f(1), f(1), { similarityFunction: 'cos' as 'cosine' }), {
    code: 'ST_INVALID_OPTION',
  });
  await t.throwsAsync(semanticSearch(f(1), f(1), { signal: AbortSignal.abort() }), {
    code: 'ST_ABORTED',
  });
});

test('semantic search says which of its embeddings are none', async (t) => {
  await t.throwsAsync(semanticSearch(5 as never, f(1)), {
    message: /^The embeddings queries are 5/,
  });
  await t.throwsAsync(semanticSearch(f(1), 5 as never), {
    message: /^The embeddings corpus are 5/,
  });
});

test('more hits than the memory holds are refused before anything is compared', async (t) => {
  const many = { data: new Float32Array(1e5), dims: [1e5, 1] };
  await t.throwsAsync(semanticSearch(many, many, { topK: 1e5 }), {
    code: 'ST_OUT_OF_MEMORY',
    message: /^100000 queries with up to 100000 hits each .* Lower topK/,
  });
});
