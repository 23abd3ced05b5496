import vm from 'node:vm';
import test from 'ava';
import { cosSim, type Embeddings, similarity } from '../../lib/index.ts';
import { cosine } from '../../lib/search/scores.ts';

const f = (...values: number[]) => new Float32Array(values);
const round = (values: Iterable<number>) => Array.from(values, (value) => Number(value.toFixed(5)));

// The expected figures are those of sentence_transformers.util.{cos,dot,euclidean,manhattan}_sim.
const a = [f(1, 2, 2), f(0, 0, 0)];
const b = [f(2, 4, 4), f(-1, 0, 2)];

test('cosine similarity of every pair, a zero vector scoring 0', async (t) => {
  const { data, dims } = await cosSim(a, b);
  t.deepEqual(dims, [2, 2]);
  t.deepEqual(round(data), [1, 0.44721, 0, 0]);
});

test('cosine is what is taken if no function is named', async (t) => {
  const expected = await cosSim(a, b);
  t.deepEqual(await similarity(a, b), expected);
  t.deepEqual(await similarity(a, b, {}), expected);
  t.deepEqual(await similarity(a, b, 'cosine'), expected);
});

test('dot product of every pair', async (t) => {
  t.deepEqual(round((await similarity(a, b, 'dot')).data), [18, 3, 0, 0]);
});

test('euclidean similarity is the negative distance', async (t) => {
  const expected = [-3, -2.82843, -6, -2.23607];
  t.deepEqual(round((await similarity(a, b, 'euclidean')).data), expected);
  const options = { similarityFunction: 'euclidean' } as const;
  t.deepEqual(round((await similarity(a, b, options)).data), expected);
});

test('manhattan similarity is the negative distance', async (t) => {
  t.deepEqual(round((await similarity(a, b, 'manhattan')).data), [-5, -4, -10, -3]);
});

test("a length under torch's floor of 1e-12 counts as 1e-12", async (t) => {
  const { data } = await cosSim(f(1e-20, 0), f(1, 1));
  t.is(Number((data[0] as number).toPrecision(4)), 7.071e-9);
});

test('NaN and infinity have NaN for scores, as in Python, and spoil no others', async (t) => {
  const { data } = await cosSim(
    [f(Number.NaN, 0), f(Number.POSITIVE_INFINITY, 1), f(3, 4)],
    f(1, 0),
  );
  t.deepEqual(round(data), [Number.NaN, Number.NaN, 0.6]);
});

test('a single embedding, a list and a tensor mean the same', async (t) => {
  const tensor = { data: f(1, 2, 2), dims: [1, 3] };
  const expected = await cosSim([f(1, 2, 2)], b);
  t.deepEqual(await cosSim(f(1, 2, 2), b), expected);
  t.deepEqual(await cosSim(tensor, b), expected);
  t.deepEqual(await cosSim({ data: f(1, 2, 2), dims: [3] }, b), expected);
});

test('many rows of every width give what a plain loop gives', async (t) => {
  for (const [rows, columns, width] of [
    [3, 5000, 3],
    [70, 90, 37],
    [2, 3, 2 ** 16 + 5],
    [1, 1, 1],
  ] as const) {
    const left = values(rows * width);
    const right = values(columns * width);
    const { data, dims } = await similarity(
      { data: left, dims: [rows, width] },
      { data: right, dims: [columns, width] },
      'dot',
    );
    t.deepEqual(dims, [rows, columns]);
    const expected = Float32Array.from(data, (_, index) => {
      const [i, j] = [Math.floor(index / columns), index % columns];
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += (left[i * width + k] as number) * (right[j * width + k] as number);
      }
      return sum;
    });
    t.deepEqual(data, expected);
  }
});

/** Sixteenths: their products and sums are exact, in any order. */
function values(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (((i * 7919) % 31) - 15) / 16);
}

test('embeddings of another realm, such as those of a test runner, are embeddings', async (t) => {
  const foreign = vm.runInNewContext('[new Float32Array([1, 2, 2])]') as Float32Array[];
  t.deepEqual(await cosSim(foreign, b), await cosSim(f(1, 2, 2), b));
  t.deepEqual(await cosSim(foreign[0] as Float32Array, b), await cosSim(f(1, 2, 2), b));
});

/** ES2024; the types here are those of ES2023. */
function resizableBuffer(bytes: number): ArrayBuffer {
  return Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: 2 * bytes }]);
}

test('embeddings in shared and in resizable memory are embeddings', async (t) => {
  const shared = new Float32Array(new SharedArrayBuffer(12));
  shared.set(f(1, 2, 2));
  t.deepEqual(await cosSim(shared, b), await cosSim(f(1, 2, 2), b));
  const resizable = new Float32Array(resizableBuffer(12));
  resizable.set(f(1, 2, 2));
  t.deepEqual(await cosSim(resizable, b), await cosSim(f(1, 2, 2), b));
});

test('embeddings of different lengths are refused', async (t) => {
  const refusal = { code: 'ST_INVALID_INPUT', message: /of 2 and of 3 values/ };
  await t.throwsAsync(cosSim(f(1, 2), b), refusal);
  await t.throwsAsync(cosSim(b, f(1, 2)), { code: 'ST_INVALID_INPUT', message: /of 3 and of 2/ });
  await t.throwsAsync(cosSim([f(1, 2), f(1, 2, 3)], b), refusal);
});

test('nothing against something is an empty matrix', async (t) => {
  t.deepEqual(await cosSim([], b), { data: f(), dims: [0, 2] });
  t.deepEqual(await cosSim(b, []), { data: f(), dims: [2, 0] });
  t.deepEqual(await cosSim({ data: f(), dims: [0, 3] }, b), { data: f(), dims: [0, 2] });
  t.deepEqual(await cosSim([], []), { data: f(), dims: [0, 0] });
});

const mine = new Error('mine');
const throwing = () => {
  throw mine;
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable<object>([], {});
  revoke();
  return proxy;
};
const withLength = (length: unknown) =>
  new Proxy([f(1, 2, 3)], {
    get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)),
  });
const detached = () => {
  const array = f(1, 2, 3);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
};

for (const [name, embeddings, message] of [
  ['numbers', [1, 2, 3], 'The embedding at index 0 of a is 1. '],
  ['arrays of numbers', [[1, 2, 3]], 'The embedding at index 0 of a is an array. '],
  ['text', 'abc', 'The embeddings a are "abc". '],
  ['null', null, 'The embeddings a are null. '],
  ['a symbol', Symbol('mine'), 'The embeddings a are Symbol(mine). '],
  [
    'an array with a hole',
    [f(1, 2, 3), ...new Array(1)],
    'The embedding at index 1 of a is undefined. ',
  ],
  ['a sparse array of thousands of millions', new Array(2 ** 32 - 1), /an array of 4294967295/],
  ['a sparse array', new Array(2 ** 27), 'The embedding at index 0 of a is undefined. '],
  ['a Float64Array', new Float64Array(3), 'The embeddings a are an object. '],
  ['a proxy of an embedding', new Proxy(f(1, 2, 3), {}), 'The embeddings a are an object. '],
  ['what only inherits from one', Object.create(f(1, 2, 3)), 'The embeddings a are an object. '],
  ['a revoked proxy', revoked(), /^The embeddings a threw an error/],
  ['a length below nothing', withLength(-1), 'The embeddings a are an array with a length of -1. '],
  ['a length no array has', withLength(2 ** 33), /with a length of 8589934592\. /],
  ['half a length', withLength(1.5), /with a length of 1\.5\. /],
  ['a length that is a lie', withLength(2), 'The embedding at index 1 of a is undefined. '],
  ['memory that was transferred', detached(), /^The embeddings a have no values/],
  ['a list of transferred memory', [f(1, 2, 3), detached()], /of 3 and of 0 values/],
  [
    'a tensor of two rows in half of the data',
    { data: f(1, 2, 3), dims: [2, 3] },
    /sizes agree\.$/,
  ],
  ['a tensor of three dimensions', { data: f(1), dims: [1, 1, 1] }, /sizes agree\.$/],
  ['a tensor of no dimension', { data: f(1), dims: [] }, /sizes agree\.$/],
  [
    'a thousand million rows of nothing',
    { data: f(), dims: [1e9, 0] },
    /^The embeddings a have no values/,
  ],
  ['less than no rows of nothing', { data: f(), dims: [-1, 0] }, /sizes agree\.$/],
  ['two sizes below nothing', { data: f(1, 2, 3, 4), dims: [-2, -2] }, /sizes agree\.$/],
  ['half rows', { data: f(1), dims: [0.5, 2] }, /sizes agree\.$/],
  ['sizes that are texts', { data: f(1, 2, 3), dims: ['1', 3] }, /sizes agree\.$/],
  ['sizes of BigInt', { data: f(1, 2, 3), dims: [1n, 3n] }, /sizes agree\.$/],
  ['sizes with a hole', { data: f(1), dims: new Array(2) }, /sizes agree\.$/],
  ['sizes no number holds', { data: f(), dims: [2 ** 53, 0] }, /sizes agree\.$/],
  ['infinite sizes', { data: f(), dims: [0, Number.POSITIVE_INFINITY] }, /sizes agree\.$/],
  ['dims of a lying length', { data: f(), dims: withLength(-1) }, /^The dims of a are an array/],
  ['a tensor of transferred memory', { data: detached(), dims: [1, 3] }, /sizes agree\.$/],
] as const) {
  test(`${name} as embeddings are refused, not scored`, async (t) => {
    await t.throwsAsync(cosSim(embeddings as unknown as Embeddings, b), {
      code: 'ST_INVALID_INPUT',
      message: typeof message === 'string' ? startsWith(message) : message,
    });
  });
}

const startsWith = (start: string) => (message: string) => message.startsWith(start);

for (const [name, embeddings] of [
  [
    'data',
    {
      get data() {
        return throwing();
      },
      dims: [1],
    },
  ],
  [
    'dims',
    {
      data: f(1),
      get dims() {
        return throwing();
      },
    },
  ],
  ['an index', Object.defineProperty([f(1, 2, 3)], 1, { get: throwing })],
  ['everything', new Proxy([], { get: throwing })],
] as const) {
  test(`an error of the caller's in reading ${name} is the cause of a coded one`, async (t) => {
    const error = await t.throwsAsync(similarity(b, embeddings as unknown as Embeddings), {
      code: 'ST_INVALID_INPUT',
      message: /threw an error when they were read/,
    });
    t.is(error?.cause, mine);
  });
}

test('a property called length of an embedding is not believed', async (t) => {
  const lying = Object.defineProperty(f(1, 2, 2), 'length', { value: 2 ** 33 });
  t.deepEqual(await cosSim(lying, b), await cosSim(f(1, 2, 2), b));
});

test('scores that can not be allocated are refused with their size', async (t) => {
  const million = { data: new Float32Array(1e6), dims: [1e6, 1] };
  await t.throwsAsync(cosSim(million, million), {
    code: 'ST_OUT_OF_MEMORY',
    message: /^The scores of 1000000 x 1000000 embeddings need 4000000000000 bytes/,
  });
});

test('an unknown similarity function is refused with those that exist', async (t) => {
  for (const wrong of ['cos', 'toString', 5, Symbol('cosine')]) {
    for (const options of [wrong, { similarityFunction: wrong }]) {
      await t.throwsAsync(similarity(a, b, options as 'cosine'), {
        code: 'ST_INVALID_OPTION',
        message: /^similarityFunction is .*\. Give one of: cosine, dot, euclidean, manhattan\.$/,
      });
    }
  }
});

test('comparisons check their options', async (t) => {
  await t.throwsAsync(similarity(a, b, { topK: 1 } as object), { code: 'ST_UNKNOWN_OPTION' });
  await t.throwsAsync(similarity(a, b, null as unknown as object), { code: 'ST_INVALID_OPTION' });
  await t.throwsAsync(cosSim(a, b, 'dot' as unknown as object), { code: 'ST_INVALID_OPTION' });
  await t.throwsAsync(cosSim(a, b, { signal: 5 as unknown as AbortSignal }), {
    code: 'ST_INVALID_OPTION',
  });
});

test('an error has the stack of the call that led to it', async (t) => {
  async function callerOfCosSim(): Promise<void> {
    await cosSim(f(1), f(1, 2));
  }
  const error = await t.throwsAsync(callerOfCosSim());
  t.regex(String(error?.stack), /^InputError \[ST_INVALID_INPUT\]: .*\n {4}at callerOfCosSim/);
});

test('a comparison that is aborted in the middle ends with the reason as its cause', async (t) => {
  const many = { data: values(4000 * 64), dims: [4000, 64] };
  const controller = new AbortController();
  const comparison = similarity(many, many, { signal: controller.signal });
  controller.abort(mine);
  const error = await t.throwsAsync(comparison, { code: 'ST_ABORTED' });
  t.is(error?.cause, mine);
  await t.throwsAsync(cosSim(a, b, { signal: AbortSignal.abort() }), { code: 'ST_ABORTED' });
});

test('memory that shrinks in the middle of a comparison is a coded error', async (t) => {
  const buffer = resizableBuffer(4 * 4000 * 64);
  const many = { data: new Float32Array(buffer, 0, 4000 * 64), dims: [4000, 64] };
  const comparison = cosSim(many, many);
  Reflect.apply(Reflect.get(buffer, 'resize'), buffer, [4]);
  await t.throwsAsync(comparison, { code: 'ST_INVALID_INPUT', message: /made smaller/ });
});

test('memory that is transferred away in the middle of a comparison is a coded error', async (t) => {
  const many = { data: values(4000 * 64), dims: [4000, 64] };
  const comparison = cosSim(many, many);
  structuredClone(many.data, { transfer: [many.data.buffer as ArrayBuffer] });
  await t.throwsAsync(comparison, { code: 'ST_INVALID_INPUT', message: /was transferred/ });
});

test('the event loop turns while many embeddings are compared', async (t) => {
  const many = { data: values(1000 * 64), dims: [1000, 64] };
  let turns = 0;
  let goesOn = true;
  const comparison = similarity(many, many).then(() => {
    goesOn = false;
  });
  while (goesOn) {
    turns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await comparison;
  t.true(turns > 3, `${turns} turns`);
});

test('the cosine that the library itself uses is that of cosSim', async (t) => {
  for (const [x, y] of [
    [a[0], b[0]],
    [a[0], b[1]],
    [a[1], b[0]],
  ] as [Float32Array, Float32Array][]) {
    t.deepEqual((await cosSim(x, y)).data, f(cosine(x, y)));
  }
});
