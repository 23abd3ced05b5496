import test from 'ava';
import { copyTexts } from '../../lib/encode/texts.ts';

for (const texts of ['', 'a', [], ['', 'a'], ['\0', '😀', 'e\u0301', '\u{10ffff}']]) {
  test(`${JSON.stringify(texts)} is accepted`, (t) => {
    t.deepEqual(copyTexts(texts), [texts].flat());
  });
}

// biome-ignore lint/suspicious/noSparseArray: the point of the case
const sparse = [, 'a'];

for (const [name, texts, message] of [
  ['a number', 5, 'encode() was given 5. Give a string, or an array of strings.'],
  ['null', null, 'encode() was given null. Give a string, or an array of strings.'],
  ['undefined', undefined, 'encode() was given undefined. Give a string, or an array of strings.'],
  ['an object', {}, 'encode() was given an object. Give a string, or an array of strings.'],
  ['a Set', new Set(['a']), 'encode() was given an object. Give a string, or an array of strings.'],
  ['a number in a list', ['a', 1], 'The text at index 1 is 1. Every text must be a string.'],
  ['null in a list', [null], 'The text at index 0 is null. Every text must be a string.'],
  [
    'a list in a list',
    [['a', 'b']],
    'The text at index 0 is an array. Every text must be a string.',
  ],
  ['a sparse array', sparse, 'The text at index 0 is undefined. Every text must be a string.'],
] as const) {
  test(`${name} is refused with its place`, (t) => {
    t.throws(() => copyTexts(texts), { code: 'ST_INVALID_INPUT', message });
  });
}

for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
  test(`the lone surrogate in ${JSON.stringify(text)} is refused with its remedy`, (t) => {
    t.throws(() => copyTexts(['fine', text]), {
      code: 'ST_INVALID_INPUT',
      message: /^The text at index 1 holds a lone surrogate.*toWellFormed\(\)\.$/,
    });
  });
}

test('what was checked is what is taken, whatever the array does afterwards', (t) => {
  const texts = ['a', 'b'];
  texts[Symbol.iterator] = () => ['c', 5 as unknown as string][Symbol.iterator]();
  let reads = 0;
  Object.defineProperty(texts, 1, { get: () => (reads++ === 0 ? 'b' : 42) });
  const copy = copyTexts(texts);
  t.is(copy.length, 2);
  t.is(copy[0], 'a');
  t.is(copy[1], 'b');
});

test('arrays that lie or throw are coded errors', (t) => {
  const cause = new Error('mine');
  const throws = new Proxy(['a'], {
    get() {
      throw cause;
    },
  });
  t.like(
    t.throws(() => copyTexts(throws)),
    { code: 'ST_INVALID_INPUT', cause },
  );
  for (const length of [-1, 2 ** 33, 1.5, 'many', 2 ** 31]) {
    const lies = new Proxy(['a'], {
      get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)),
    });
    t.like(
      t.throws(() => copyTexts(lies)),
      { code: 'ST_INVALID_INPUT' },
    );
  }
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  t.like(
    t.throws(() => copyTexts(proxy)),
    { code: 'ST_INVALID_INPUT' },
  );
});
