import test from 'ava';
import { show } from '../../lib/util/check.ts';

const revoked = Proxy.revocable({}, {});
revoked.revoke();
const throwing = new Proxy(
  {},
  {
    get() {
      throw new Error('mine');
    },
  },
);

for (const [index, [value, shown]] of (
  [
    ['a', '"a"'],
    ['x'.repeat(41), `"${'x'.repeat(40)}..."`],
    [1.5, '1.5'],
    [-0, '0'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5n, '5n'],
    [10n ** 100_000n, 'a large BigInt'],
    [Symbol('mine'), 'Symbol(mine)'],
    [Symbol('x'.repeat(1e6)), `Symbol(${'x'.repeat(33)}...`],
    [() => {}, 'a function'],
    [[], 'an array'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
    [revoked.proxy, 'an object'],
    [throwing, 'an object'],
    [{ toString: 5, [Symbol.toPrimitive]: 5, [Symbol.toStringTag]: 'Mine' }, 'an object'],
  ] as const
).entries()) {
  test(`a message shows value ${index} as ${shown.slice(0, 20)}`, (t) => {
    t.is(show(value), shown);
  });
}
