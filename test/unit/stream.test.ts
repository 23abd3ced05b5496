import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import test from 'ava';
import { encodeWindows } from '../../lib/encode/stream.ts';
import { checkIterable, checkText } from '../../lib/encode/texts.ts';

/** Each text is a number and its embedding holds it; windows are held until the test lets them go. */
function held() {
  const windows: { texts: string[]; signal: AbortSignal; go(): void }[] = [];
  const encode = (texts: string[], signal: AbortSignal): Promise<Float32Array[]> =>
    new Promise((resolve) => {
      windows.push({
        texts,
        signal,
        go: () => resolve(texts.map((text) => Float32Array.of(Number(text)))),
      });
    });
  return { windows, encode };
}

async function encodeAtOnce(texts: string[]): Promise<Float32Array[]> {
  return texts.map((text) => Float32Array.of(Number(text)));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

async function* paused(chunks: string[][]): AsyncGenerator<string> {
  for (const chunk of chunks) {
    yield* chunk;
    for (let i = 0; i < 10; i++) await turn();
  }
}

async function collect(results: AsyncIterable<Float32Array>): Promise<number[]> {
  const values: number[] = [];
  for await (const row of results) values.push(row[0] as number);
  return values;
}

test('embeddings come in order, from lists, sets, generators and async generators', async (t) => {
  const expected = numbers(1000).map(Number);
  async function* later() {
    yield* numbers(1000);
  }
  for (const source of [numbers(1000), new Set(numbers(1000)), numbers(1000).values(), later()]) {
    t.deepEqual(await collect(encodeWindows(source, checkText, encodeAtOnce, undefined)), expected);
  }
});

test('nothing in gives nothing out', async (t) => {
  t.deepEqual(await collect(encodeWindows([], checkText, encodeAtOnce, undefined)), []);
});

test('a slow consumer holds back the source', async (t) => {
  let given = 0;
  function* source() {
    for (;;) yield String(given++);
  }
  const results = encodeWindows(source(), checkText, encodeAtOnce, undefined);
  await results.next();
  for (let i = 0; i < 20; i++) await turn();
  t.true(given <= 4 * 256, `${given} texts were read`);
  await results.return();
});

test('what a pausing source gave is encoded without waiting for more', async (t) => {
  const { windows, encode } = held();
  const results = encodeWindows(paused([['1', '2'], ['3']]), checkText, encode, undefined);
  const first = results.next();
  for (let i = 0; i < 3; i++) await turn();
  t.deepEqual(windows[0]?.texts, ['1', '2']);
  windows[0]?.go();
  t.deepEqual((await first).value, Float32Array.of(1));
  await results.return();
});

test('a consumer that stops ends the calls under way and closes the source', async (t) => {
  let closed = false;
  function* source() {
    try {
      yield* numbers(5000);
    } finally {
      closed = true;
    }
  }
  const { windows, encode } = held();
  const results = encodeWindows(source(), checkText, encode, undefined);
  const first = results.next();
  for (let i = 0; i < 3; i++) await turn();
  windows[0]?.go();
  await first;
  await results.return();
  t.true(closed);
  t.true(windows.every(({ signal }) => signal.aborted));
});

test('a bad text ends the stream with its index', async (t) => {
  const source = [...numbers(300), 5 as unknown as string, ...numbers(300)];
  await t.throwsAsync(collect(encodeWindows(source, checkText, encodeAtOnce, undefined)), {
    code: 'ST_INVALID_INPUT',
    message: 'The text at index 300 is 5. Every text must be a string.',
  });
});

test('an error of the source ends the stream with it', async (t) => {
  async function* source() {
    yield 'a';
    throw new Error('the source broke');
  }
  await t.throwsAsync(collect(encodeWindows(source(), checkText, encodeAtOnce, undefined)), {
    message: 'the source broke',
  });
});

test("the caller's signal reaches the calls under way, and keeps no listener", async (t) => {
  const { windows, encode } = held();
  const controller = new AbortController();
  const results = encodeWindows(numbers(10), checkText, encode, controller.signal);
  const first = results.next();
  await turn();
  controller.abort('enough');
  t.true(windows[0]?.signal.aborted);
  t.is(windows[0]?.signal.reason, 'enough');
  windows[0]?.go();
  await t.throwsAsync(first, { code: 'ST_ABORTED' });
  t.is(getEventListeners(controller.signal, 'abort').length, 0);
});

test('what a source gave before it failed is delivered first, then its error', async (t) => {
  const failure = new Error('the disk is gone');
  async function* source() {
    yield* numbers(700);
    throw failure;
  }
  const got: number[] = [];
  const error = await t.throwsAsync(async () => {
    for await (const row of encodeWindows(source(), checkText, encodeAtOnce, undefined)) {
      got.push(row[0] as number);
    }
  });
  t.is(error, failure);
  t.deepEqual(got, numbers(700).map(Number));
});

test('texts before an invalid one are delivered first', async (t) => {
  const got: number[] = [];
  let closed = 0;
  const source = {
    [Symbol.iterator]() {
      const inner = ['1', '2', 3 as unknown as string, '4'].values();
      return {
        next: () => inner.next(),
        return: () => {
          closed++;
          return { done: true as const, value: undefined };
        },
      };
    },
  };
  await t.throwsAsync(
    async () => {
      for await (const row of encodeWindows(source, checkText, encodeAtOnce, undefined)) {
        got.push(row[0] as number);
      }
    },
    { code: 'ST_INVALID_INPUT', message: /index 2/ },
  );
  t.deepEqual(got, [1, 2]);
  t.is(closed, 1);
});

/** A source that gives one text and then waits for ever. */
function endless() {
  let given = 0;
  let closed = 0;
  const iterator = {
    next: () =>
      given++ === 0
        ? Promise.resolve({ done: false, value: '1' })
        : new Promise<IteratorResult<string>>(() => {}),
    return: () => {
      closed++;
      return new Promise<IteratorResult<string>>(() => {});
    },
  };
  return { source: { [Symbol.asyncIterator]: () => iterator }, closed: () => closed };
}

test('abort ends a stream whose source waits', async (t) => {
  const { source, closed } = endless();
  const controller = new AbortController();
  const results = encodeWindows(source, checkText, encodeAtOnce, controller.signal);
  t.deepEqual((await results.next()).value, Float32Array.of(1));
  const next = results.next();
  await turn();
  controller.abort(new Error('enough'));
  await t.throwsAsync(next, { code: 'ST_ABORTED' });
  t.is(closed(), 1);
  t.deepEqual(await results.next(), { done: true, value: undefined });
});

test('return() ends a stream whose source waits', async (t) => {
  const { source, closed } = endless();
  const results = encodeWindows(source, checkText, encodeAtOnce, undefined);
  await results.next();
  const next = results.next();
  await turn();
  t.deepEqual(await results.return(undefined), { done: true, value: undefined });
  t.deepEqual(await next, { done: true, value: undefined });
  t.is(closed(), 1);
});

test('sources that are no iterators are coded errors', async (t) => {
  const odd = { [Symbol.iterator]: () => 5 } as unknown as Iterable<unknown>;
  t.like(
    t.throws(() => encodeWindows(odd, checkText, encodeAtOnce, undefined)),
    {
      code: 'ST_INVALID_INPUT',
    },
  );
  const five = { [Symbol.iterator]: () => ({ next: () => 5 }) } as unknown as Iterable<unknown>;
  await t.throwsAsync(collect(encodeWindows(five, checkText, encodeAtOnce, undefined)), {
    code: 'ST_INVALID_INPUT',
  });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const value of [{ [Symbol.iterator]: 5 }, proxy, 'text', null, 7]) {
    t.like(
      t.throws(() => checkIterable(value)),
      { code: 'ST_INVALID_INPUT' },
    );
  }
});

test('a source is read in the context of who began the stream', async (t) => {
  const store = new AsyncLocalStorage<string>();
  const seen = new Set<string | undefined>();
  const source = {
    async *[Symbol.asyncIterator]() {
      for (const text of numbers(600)) {
        seen.add(store.getStore());
        yield text;
        await turn();
      }
    },
  };
  const results = store.run('mine', () =>
    encodeWindows(source, checkText, encodeAtOnce, undefined),
  );
  await store.run('of the reader', () => collect(results));
  t.deepEqual([...seen], ['mine']);
});

test('return() ends a stream in the middle of a window without an error', async (t) => {
  const untilStopped = (_: string[], signal: AbortSignal) =>
    new Promise<Float32Array[]>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('stopped')));
    });
  const results = encodeWindows(numbers(3), checkText, untilStopped, undefined);
  const next = results.next();
  await turn();
  t.deepEqual(await results.return(), { done: true, value: undefined });
  t.deepEqual(await next, { done: true, value: undefined });
});

test('abort ends a stream before the next embedding, also of those that are there', async (t) => {
  const controller = new AbortController();
  const results = encodeWindows(numbers(3), checkText, encodeAtOnce, controller.signal);
  await results.next();
  controller.abort();
  await t.throwsAsync(results.next(), { code: 'ST_ABORTED' });
});

/** A source of numbers that counts its ends. */
function closable(end: () => unknown = () => ({ done: true, value: undefined })) {
  const counted = { closed: 0 };
  const iterator = {
    next: () => ({ done: false, value: '1' }),
    return: () => {
      counted.closed++;
      return end();
    },
  };
  const source = { [Symbol.iterator]: () => iterator } as Iterable<string>;
  return Object.assign(counted, { source });
}

test('a stream that is ended before it begins closes its source', async (t) => {
  const [returned, thrown] = [closable(), closable()];
  await encodeWindows(returned.source, checkText, encodeAtOnce, undefined).return();
  const failure = new Error('of the consumer');
  const results = encodeWindows(thrown.source, checkText, encodeAtOnce, undefined);
  t.is(await t.throwsAsync(results.throw(failure)), failure);
  t.deepEqual([returned.closed, thrown.closed], [1, 1]);
});

test('an error that the consumer throws into a stream comes back, and closes the source', async (t) => {
  const closing = closable();
  const results = encodeWindows(closing.source, checkText, encodeAtOnce, undefined);
  await results.next();
  const failure = new Error('of the consumer');
  t.is(await t.throwsAsync(results.throw(failure)), failure);
  t.deepEqual(await results.next(), { done: true, value: undefined });
  t.is(closing.closed, 1);
});

test('a signal that throws ends a stream with a code, or not at all, and closes the source', async (t) => {
  const nothing = () => {};
  const cause = new Error('mine');
  const fails = () => {
    throw cause;
  };
  const plain = { aborted: false, addEventListener: nothing, removeEventListener: nothing };
  const first = closable();
  const deaf = { ...plain, addEventListener: fails } as unknown as AbortSignal;
  const error = await t.throwsAsync(
    encodeWindows(first.source, checkText, encodeAtOnce, deaf).next(),
    { code: 'ST_INVALID_OPTION' },
  );
  t.is(error?.cause, cause);
  const second = closable();
  const sticky = { ...plain, removeEventListener: fails } as unknown as AbortSignal;
  const results = encodeWindows(second.source, checkText, encodeAtOnce, sticky);
  await results.next();
  t.deepEqual(await results.return(), { done: true, value: undefined });
  t.deepEqual([first.closed, second.closed], [1, 1]);
});

test('what a source does at its end hides no error, and an abort does not wait for it', async (t) => {
  const fails = closable(() => {
    throw new Error('at its end');
  });
  const bad = encodeWindows(
    fails.source,
    (_, index) => {
      if (index > 0) throw new Error('a bad text');
    },
    encodeAtOnce,
    undefined,
  );
  await bad.next();
  await t.throwsAsync(bad.next(), { message: 'a bad text' });
  const hangs = closable(() => new Promise(() => {}));
  const controller = new AbortController();
  const aborted = encodeWindows(hangs.source, checkText, encodeAtOnce, controller.signal);
  await aborted.next();
  controller.abort();
  await t.throwsAsync(aborted.next(), { code: 'ST_ABORTED' });
  t.deepEqual([fails.closed, hangs.closed], [1, 1]);
  const returned = encodeWindows(fails.source, checkText, encodeAtOnce, undefined);
  await returned.next();
  await t.throwsAsync(returned.return(), { message: 'at its end' });
});
