import test from 'ava';
import { encodeTexts } from '../../lib/encode/encode.ts';
import { resolveEncodeOptions } from '../../lib/encode/options.ts';
import { Scheduler } from '../../lib/scheduler/scheduler.ts';

const options = resolveEncodeOptions({}, { dimension: 1, maxBatchTokens: 512 });

/** Encodes with the length of each text as its only token and its embedding; gives the sizes of the windows. */
async function encodeLengths(
  texts: readonly string[],
): Promise<{ windows: number[]; values: number[] }> {
  const windows: number[] = [];
  const tokenizer = {
    async encodeBatch(window: readonly string[]) {
      windows.push(window.length);
      return window.map((text) => [text.length]);
    },
  };
  const scheduler = new Scheduler(async (batch) => {
    for (const { ids, row } of batch) row[0] = ids[0] as number;
  }, 2);
  const { data } = await encodeTexts(tokenizer, scheduler, texts, 'p', options);
  return { windows, values: Array.from(data) };
}

test('a long list is tokenized in windows of 1024 texts', async (t) => {
  const texts = Array.from({ length: 2100 }, (_, i) => 'x'.repeat(i % 10));
  const { windows, values } = await encodeLengths(texts);
  t.deepEqual(windows, [1024, 1024, 52]);
  t.deepEqual(
    values,
    texts.map((text) => text.length + 1),
  );
});

test('a list that fills its last window has no empty one after it', async (t) => {
  t.deepEqual((await encodeLengths(new Array(1024).fill('a'))).windows, [1024]);
});

test('long texts make windows of fewer texts', async (t) => {
  const { windows } = await encodeLengths(new Array(5).fill('x'.repeat(1 << 17)));
  t.deepEqual(windows, [2, 2, 1]);
});

test('an empty list is not tokenized', async (t) => {
  t.deepEqual(await encodeLengths([]), { windows: [], values: [] });
});

test('more embeddings than can be allocated are refused with their size', async (t) => {
  const texts = { length: 2 ** 45 } as readonly string[];
  await t.throwsAsync(encodeLengths(texts), {
    code: 'ST_OUT_OF_MEMORY',
    message: /need 140737488355328 bytes/,
  });
});
