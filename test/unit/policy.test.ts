import test from 'ava';
import { chooseRun, longestFirst, merge, type Waiting } from '../../lib/scheduler/policy.ts';

const noLimits = { batchSize: Number.MAX_SAFE_INTEGER, maxBatchTokens: Number.MAX_SAFE_INTEGER };

function waiting(tokens: number, arrival = 0, limits = noLimits): Waiting {
  return { tokens, arrival, limits };
}

function chosen(list: readonly Waiting[]): number[] {
  const { start, end } = chooseRun(list);
  return list.slice(start, end).map((item) => item.tokens);
}

test('a lone text is a batch', (t) => {
  t.deepEqual(chosen([waiting(5)]), [5]);
});

test('without limits everything that waits is one batch', (t) => {
  t.deepEqual(chosen([waiting(9), waiting(5), waiting(1)]), [9, 5, 1]);
});

test('the cost of a batch is its longest text times its number of texts', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 20 };
  t.deepEqual(
    chosen([waiting(10, 0, limits), waiting(9, 0, limits), waiting(1, 0, limits)]),
    [10, 9],
  );
});

test('a text over the budget runs alone', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 4 };
  t.deepEqual(chosen([waiting(10, 0, limits), waiting(2, 0, limits)]), [10]);
});

test('batchSize bounds the number of texts', (t) => {
  const limits = { ...noLimits, batchSize: 2 };
  t.deepEqual(
    chosen([waiting(3, 0, limits), waiting(2, 0, limits), waiting(1, 0, limits)]),
    [3, 2],
  );
});

test('the oldest text is in the next batch, whatever its length', (t) => {
  const limits = { ...noLimits, batchSize: 1 };
  t.deepEqual(chosen([waiting(9, 2, limits), waiting(5, 1, limits), waiting(1, 3, limits)]), [5]);
});

test('a batch grows to longer texts only when no shorter ones are left', (t) => {
  const limits = { ...noLimits, maxBatchTokens: 18 };
  t.deepEqual(
    chosen([
      waiting(7, 1, limits),
      waiting(6, 1, limits),
      waiting(5, 0, limits),
      waiting(4, 1, limits),
    ]),
    [6, 5, 4],
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

test('merging keeps the order: longest first, then oldest first', (t) => {
  const merged = merge(
    [waiting(9, 0), waiting(5, 0), waiting(5, 1)],
    [waiting(9, 2), waiting(7, 2), waiting(1, 2)],
  );
  t.deepEqual(
    merged.map(({ tokens, arrival }) => [tokens, arrival]),
    [
      [9, 0],
      [9, 2],
      [7, 2],
      [5, 0],
      [5, 1],
      [1, 2],
    ],
  );
  t.deepEqual(merged, [...merged].sort(longestFirst));
});
