import test from 'ava';
import {
  checkLoadOptions,
  type EncodeOptions,
  type LoadOptions,
  resolveEncodeOptions,
} from '../../lib/encode/options.ts';

const defaults = { dimension: 8, truncateDim: 8, maxBatchTokens: 512 };
const resolve = (options: unknown) => resolveEncodeOptions(options as EncodeOptions, defaults);
const load = (options: unknown) => checkLoadOptions(options as LoadOptions);

test('encode options that are left out get their defaults', (t) => {
  t.deepEqual(resolve({}), {
    batchSize: Number.MAX_SAFE_INTEGER,
    maxBatchTokens: 512,
    normalizeEmbeddings: false,
    truncateDim: 8,
    prompt: undefined,
    promptName: undefined,
    showProgressBar: false,
    priority: undefined,
    timeoutMs: undefined,
    signal: undefined,
    convertToTensor: false,
  });
});

test('encode options that are undefined count as left out', (t) => {
  t.deepEqual(resolve({ batchSize: undefined, truncateDim: undefined }), resolve({}));
});

for (const [options, message] of [
  [{ batchSize: 0 }, 'batchSize is 0. Give a whole number of at least 1.'],
  [{ batchSize: -1 }, 'batchSize is -1. Give a whole number of at least 1.'],
  [{ batchSize: 1.5 }, 'batchSize is 1.5. Give a whole number of at least 1.'],
  [{ batchSize: Number.NaN }, 'batchSize is NaN. Give a whole number of at least 1.'],
  [{ batchSize: '32' }, 'batchSize is "32". Give a whole number.'],
  [{ batchSize: null }, 'batchSize is null. Give a whole number.'],
  [
    { maxBatchTokens: Number.POSITIVE_INFINITY },
    'maxBatchTokens is Infinity. Give a whole number of at least 1.',
  ],
  [{ truncateDim: 0 }, 'truncateDim is 0. Give a whole number of at least 1.'],
  [{ batchSize: 5n }, 'batchSize is 5n. Give a whole number.'],
  [{ batchSize: Symbol('five') }, 'batchSize is Symbol(five). Give a whole number.'],
  [{ normalizeEmbeddings: 1 }, 'normalizeEmbeddings is 1. Give a boolean.'],
  [{ prompt: 5 }, 'prompt is 5. Give a string.'],
  [
    { prompt: 'a\ud83d' },
    'prompt holds a lone surrogate (half of a character). Repair it with toWellFormed().',
  ],
  [{ showProgressBar: 'yes' }, 'showProgressBar is "yes". Give a boolean or a function.'],
  [{ priority: 'urgent' }, "priority is \"urgent\". Give 'interactive' or 'bulk'."],
  [{ timeoutMs: -1 }, 'timeoutMs is -1. Give a number of milliseconds, 0 or more.'],
  [{ timeoutMs: Number.NaN }, 'timeoutMs is NaN. Give a number of milliseconds, 0 or more.'],
  [{ signal: {} }, 'signal is an object. Give the signal of an AbortController.'],
  [null, 'The options of encode() are null. Give an object, such as { batchSize: ... }.'],
  [[], 'The options of encode() are an array. Give an object, such as { batchSize: ... }.'],
] as const) {
  test(`encode options are refused: ${message}`, (t) => {
    t.throws(() => resolve(options), { code: 'ST_INVALID_OPTION', message });
  });
}

test('truncateDim keeps at most the values that there are, as in Python', (t) => {
  t.is(resolve({ truncateDim: 3 }).truncateDim, 3);
  t.is(resolve({ truncateDim: 9 }).truncateDim, 8);
  t.is(resolve({ truncateDim: Number.MAX_SAFE_INTEGER }).truncateDim, 8);
});

test('a saved truncate_dim is the default, and a call may raise it', (t) => {
  const saved = { ...defaults, truncateDim: 5 };
  t.is(resolveEncodeOptions({}, saved).truncateDim, 5);
  t.is(resolveEncodeOptions({ truncateDim: 2 }, saved).truncateDim, 2);
  t.is(resolveEncodeOptions({ truncateDim: 7 }, saved).truncateDim, 7);
  t.is(resolveEncodeOptions({ truncateDim: 99 }, saved).truncateDim, 8);
});

test('an unknown encode option is refused with the names that exist', (t) => {
  t.throws(() => resolve({ batch_size: 32 }), {
    code: 'ST_UNKNOWN_OPTION',
    message: /no option "batch_size"\. It has: batchSize, maxBatchTokens/,
  });
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

for (const [name, options] of [
  ['a getter', Object.defineProperty({}, 'batchSize', { get: throwing, enumerable: true })],
  ['a proxy that throws for its names', new Proxy({}, { ownKeys: throwing })],
  [
    'a proxy that throws for a value',
    new Proxy(
      { batchSize: 1 },
      { get: throwing, getOwnPropertyDescriptor: Reflect.getOwnPropertyDescriptor },
    ),
  ],
] as const) {
  test(`what ${name} in options throws is the cause of a coded error`, (t) => {
    const error = t.throws(() => resolve(options), {
      code: 'ST_INVALID_OPTION',
      message: /^The options of encode\(\) threw an error/,
    });
    t.is(error?.cause, mine);
  });
}

test('revoked proxies are refused like anything else that is no option', (t) => {
  t.throws(() => resolve(revoked()), { code: 'ST_INVALID_OPTION' });
  for (const name of ['signal', 'prompt', 'batchSize', 'showProgressBar', 'priority']) {
    t.throws(() => resolve({ [name]: revoked() }), {
      code: 'ST_INVALID_OPTION',
      message: new RegExp(`^${name} is an object\\. Give `),
    });
  }
  for (const name of ['device', 'dtype', 'optimize', 'streams']) {
    t.throws(() => load({ [name]: revoked() }), { code: 'ST_INVALID_OPTION' });
  }
});

test('an option is read once: what was checked is what is used', (t) => {
  let reads = 0;
  const options = {
    get streams() {
      return reads++ === 0 ? 1 : 3000;
    },
  };
  t.is(load(options).streams, 1);
});

test('an option inherited from a polluted prototype is not an option of the call', (t) => {
  t.deepEqual(resolve(Object.create({ surprise: 1 })), resolve({}));
});

for (const device of ['auto', 'cpu', 'cuda', 'cuda:0', 'cuda:12']) {
  test(`device ${device} is accepted`, (t) => {
    t.is(load({ device }).device, device);
  });
}

for (const device of ['gpu', 'cuda:', 'cuda:-1', 'cuda:x', 'CPU', '', 'cpu ', 7, null]) {
  test(`device ${JSON.stringify(device)} is refused`, (t) => {
    t.throws(() => load({ device }), { code: 'ST_INVALID_OPTION', message: /^device is / });
  });
}

for (const dtype of ['float32', 'bfloat16', 'int8', 'auto']) {
  test(`dtype ${dtype} is accepted`, (t) => {
    t.is(load({ dtype }).dtype, dtype as LoadOptions['dtype']);
  });
}

for (const dtype of ['float16', 'fp32', '', 32, null]) {
  test(`dtype ${JSON.stringify(dtype)} is refused`, (t) => {
    t.throws(() => load({ dtype }), {
      code: 'ST_INVALID_OPTION',
      message: /^dtype is .*\. Give 'float32', 'bfloat16', 'int8' or 'auto'\.$/,
    });
  });
}

test('optimize is a boolean or names the passes to skip', (t) => {
  t.is(load({ optimize: false }).optimize, false);
  const disable = ['linear'];
  const checked = load({ optimize: { disable } });
  disable.push('changed later');
  t.deepEqual(checked.optimize, { disable: ['linear'] });
});

for (const optimize of [1, null, 'linear', {}, { disable: 'linear' }, { disable: [1] }]) {
  test(`optimize ${JSON.stringify(optimize)} is refused`, (t) => {
    t.throws(() => load({ optimize }), { code: 'ST_INVALID_OPTION', message: /^optimize/ });
  });
}

test('names of passes that lie about their number, or throw, are refused', (t) => {
  const lying = (length: unknown) =>
    new Proxy(['linear'], {
      get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)),
    });
  for (const disable of [
    lying(-1),
    lying(2 ** 33),
    lying(2),
    revoked(),
    new Array(2 ** 32 - 1),
    new Proxy([], { get: throwing }),
    Object.defineProperty([], 0, { get: throwing }),
  ]) {
    t.throws(() => load({ optimize: { disable } }), { code: 'ST_INVALID_OPTION' });
  }
  const own = Object.assign(['linear'], { [Symbol.iterator]: 5 });
  t.deepEqual(load({ optimize: { disable: own } }).optimize, { disable: ['linear'] });
});

test('optimize has no other option than disable', (t) => {
  t.throws(() => load({ optimize: { disable: [], enable: [] } }), {
    code: 'ST_UNKNOWN_OPTION',
    message: /^optimize has no option "enable"/,
  });
});

test('streams and intraOpThreads are whole numbers from 1 to 1024', (t) => {
  t.deepEqual(load({ streams: 1024, intraOpThreads: 1 }), {
    device: 'auto',
    streams: 1024,
    intraOpThreads: 1,
  });
  t.throws(() => load({ streams: 1025 }), { code: 'ST_INVALID_OPTION', message: /from 1 to 1024/ });
  t.throws(() => load({ intraOpThreads: 0 }), { code: 'ST_INVALID_OPTION' });
});

test('the limits of the queue are whole numbers, its delay is not', (t) => {
  t.notThrows(() => load({ maxQueuedTexts: 1, maxQueuedTokens: 1e6, maxQueueDelayMs: 0.5 }));
  t.throws(() => load({ maxQueuedTexts: 0 }), { code: 'ST_INVALID_OPTION' });
  t.throws(() => load({ maxQueuedTokens: 1.5 }), { code: 'ST_INVALID_OPTION' });
  t.throws(() => load({ maxQueueDelayMs: -1 }), { code: 'ST_INVALID_OPTION' });
});

test('an unknown load option is refused with the names that exist', (t) => {
  t.throws(() => load({ threads: 2 }), {
    code: 'ST_UNKNOWN_OPTION',
    message:
      'load() has no option "threads". It has: device, dtype, acceptCosine, optimize, streams, intraOpThreads, maxQueuedTexts, maxQueuedTokens, maxQueueDelayMs.',
  });
});
