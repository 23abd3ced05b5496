import test from 'ava';
import { normalizeInPlace } from '../../lib/encode/normalize.ts';

function normalized(...values: number[]): number[] {
  const vector = Float32Array.from(values);
  normalizeInPlace(vector);
  return Array.from(vector);
}

test('a vector is scaled to length 1', (t) => {
  t.deepEqual(normalized(3, 0, -4), Array.from(Float32Array.of(0.6, 0, -0.8)));
});

test('a zero vector stays zero', (t) => {
  t.deepEqual(normalized(0, 0), [0, 0]);
});

test("a length under torch's floor of 1e-12 counts as 1e-12", (t) => {
  t.true(Math.abs((normalized(1e-13)[0] as number) - 0.1) < 1e-6);
});
