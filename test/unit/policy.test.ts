import test from 'ava';
import fc from 'fast-check';
import {
  chooseRun,
  merge,
  nothing,
  padded,
  paddingFree,
  plus,
  type Waiting,
} from '../../lib/scheduler/policy.ts';

const noLimits = { batchSize: Number.MAX_SAFE_INTEGER, maxBatchTokens: Number.MAX_SAFE_INTEGER };

function waiting(tokens: number, turn = 0, limits = noLimits): Waiting {
  return { tokens, arrival: turn, turn, limits };
}

function chosen(list: readonly Waiting[], memoryShare = 1, layout = padded): number[] {
  const { start, end } = chooseRun(list, layout, memoryShare);
  return list.slice(start, end).map((item) => item.tokens);
}

test('a lone text is a batch', (t) => {
  t.deepEqual(chosen([waiting(5)]), [5]);
});

test('without limits all texts of about one length are one batch', (t) => {
  t.deepEqual(chosen([waiting(21), waiting(20), waiting(20)]), [21, 20, 20]);
});

test('texts of other lengths are left out, since their padding would cost more than a batch of their own', (t) => {
  t.deepEqual(chosen([waiting(20), waiting(19), waiting(5), waiting(5)]), [20, 19]);
});

test('the cost of a batch is its longest text times its number of texts', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 20 };
  t.deepEqual(
    chosen([waiting(10, 0, limits), waiting(10, 0, limits), waiting(10, 0, limits)]),
    [10, 10],
  );
});

test('a text over the budget runs alone', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 4 };
  t.deepEqual(chosen([waiting(10, 0, limits), waiting(10, 0, limits)]), [10]);
});

test('batchSize bounds the number of texts', (t) => {
  const limits = { ...noLimits, batchSize: 2 };
  t.deepEqual(
    chosen([waiting(3, 0, limits), waiting(3, 0, limits), waiting(3, 0, limits)]),
    [3, 3],
  );
});

test('the text whose turn it is is in the next batch, whatever its length', (t) => {
  const limits = { ...noLimits, batchSize: 1 };
  t.deepEqual(chosen([waiting(9, 2, limits), waiting(5, 1, limits), waiting(1, 3, limits)]), [5]);
});

test('a batch grows to the side that adds less padding', (t) => {
  const limits = { ...noLimits, batchSize: 2 };
  t.deepEqual(
    chosen([waiting(101, 1, limits), waiting(100, 0, limits), waiting(97, 1, limits)]),
    [101, 100],
  );
  t.deepEqual(
    chosen([waiting(104, 1, limits), waiting(100, 0, limits), waiting(99, 1, limits)]),
    [100, 99],
  );
});

test('the strictest call in a batch sets its limits', (t) => {
  const strict = { ...noLimits, batchSize: 2 };
  t.deepEqual(chosen([waiting(5), waiting(5, 1, strict), waiting(5, 2)]), [5, 5]);
});

test('a call whose limits are already passed is left for a batch of its own', (t) => {
  const alone = { ...noLimits, batchSize: 1 };
  t.deepEqual(chosen([waiting(5), waiting(5, 1, alone), waiting(5, 2)]), [5]);
});

test('when memory is short a batch uses its share of the budget', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 40 };
  const list = [
    waiting(10, 0, limits),
    waiting(10, 0, limits),
    waiting(10, 0, limits),
    waiting(10, 0, limits),
  ];
  t.is(chosen(list).length, 4);
  t.is(chosen(list, 0.5).length, 2);
  t.is(chosen(list, 1 / 64).length, 1);
});

const anyWaiting: fc.Arbitrary<Waiting> = fc.record({
  tokens: fc.integer({ min: 0, max: 300 }),
  arrival: fc.nat(20),
  turn: fc.nat(10),
  limits: fc.record({
    batchSize: fc.integer({ min: 1, max: 20 }),
    maxBatchTokens: fc.integer({ min: 1, max: 2000 }),
  }),
});
const anyList = fc.array(anyWaiting, { minLength: 1, maxLength: 60 });
const total = (list: readonly Waiting[]) => list.reduce((sum, item) => sum + item.tokens, 0);

test('without padding texts of any lengths go together, in the order in which they came', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 30 };
  const list = [
    waiting(9, 1, limits),
    waiting(1, 2, limits),
    waiting(20, 3, limits),
    waiting(5, 4, limits),
  ];
  t.deepEqual(chosen(list, 1, paddingFree), [9, 1, 20]);
  t.deepEqual(chosen(list, 0.5, paddingFree), [9, 1]);
});

test('without padding the text in turn goes first with those that came next, then with those before it', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 10 };
  const list = [3, 4, 5, 1].map((tokens, arrival) => ({ tokens, arrival, turn: 9, limits }));
  const [a, b, c, d] = list as [Waiting, Waiting, Waiting, Waiting];
  t.deepEqual(chosen([a, { ...b, turn: 1 }, c, d], 1, paddingFree), [4, 5, 1]);
  t.deepEqual(chosen([a, b, c, { ...d, turn: 1 }], 1, paddingFree), [4, 5, 1]);
});

for (const [name, layout, maxPadding] of [
  ['a rectangle', padded, 0.1],
  ['no padding', paddingFree, 0],
] as const) {
  const cost = (batch: readonly Waiting[]) =>
    layout.cost(batch.length, Math.max(...batch.map((item) => item.tokens)), total(batch));

  test(`for any list and ${name}: the text in turn is in, no limit is passed but by one text alone, padding stays small`, (t) => {
    fc.assert(
      fc.property(anyList, (unsorted) => {
        const list = [...unsorted].sort(layout.compare);
        const { start, end } = chooseRun(list, layout);
        const batch = list.slice(start, end);
        const firstTurn = Math.min(...list.map((item) => item.turn));
        t.true(batch.some((item) => item.turn === firstTurn));
        if (batch.length === 1) return;
        for (const { limits } of batch) {
          t.true(batch.length <= limits.batchSize && cost(batch) <= limits.maxBatchTokens);
        }
        t.true(cost(batch) - total(batch) <= maxPadding * cost(batch));
      }),
    );
  });

  test(`for any list and ${name}: no neighbour could have joined`, (t) => {
    fc.assert(
      fc.property(anyList, (unsorted) => {
        const list = [...unsorted].sort(layout.compare);
        const { start, end } = chooseRun(list, layout);
        for (const larger of [
          list.slice(start, end + 1),
          list.slice(Math.max(0, start - 1), end),
        ]) {
          if (larger.length === end - start) continue;
          const padding = cost(larger) - total(larger);
          const fits = larger.every(
            ({ limits }) =>
              larger.length <= limits.batchSize && cost(larger) <= limits.maxBatchTokens,
          );
          t.false(fits && padding <= maxPadding * cost(larger));
        }
      }),
    );
  });

  test(`for any batch and list and ${name}: what joins passes no limit, and nothing does before the text in turn`, (t) => {
    fc.assert(
      fc.property(anyList, anyList, (first, unsorted) => {
        const list = [...unsorted].sort(layout.compare);
        const run = chooseRun([...first].sort(layout.compare), layout);
        const held = [...first].sort(layout.compare).slice(run.start, run.end);
        const { start, end } = chooseRun(list, layout, 1, held.reduce(plus, nothing));
        const joining = list.slice(start, end);
        if (joining.length === 0) return;
        const batch = [...held, ...joining];
        for (const { limits } of batch) {
          t.true(batch.length <= limits.batchSize && cost(batch) <= limits.maxBatchTokens);
        }
        t.true(cost(batch) - total(batch) <= maxPadding * cost(batch));
        const firstTurn = Math.min(...list.map((item) => item.turn));
        t.true(joining.some((item) => item.turn === firstTurn));
      }),
    );
  });

  test(`for any lists and ${name}: merging keeps every text and the order`, (t) => {
    fc.assert(
      fc.property(anyList, anyList, (one, other) => {
        const [a, b] = [[...one].sort(layout.compare), [...other].sort(layout.compare)];
        const merged = merge(a, b, layout);
        t.is(merged.length, a.length + b.length);
        const before = new Set([...a, ...b]);
        t.true(merged.every((item) => before.has(item)));
        merged.forEach((item, i) => {
          if (i > 0) t.true(layout.compare(merged[i - 1] as Waiting, item) <= 0);
        });
      }),
    );
  });
}
