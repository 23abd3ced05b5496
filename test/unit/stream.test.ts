import test from 'ava';
import { encodeWindows } from '../../lib/encode/stream.ts';
import { checkText } from '../../lib/encode/texts.ts';

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
  await first;
  await results.return();
});
