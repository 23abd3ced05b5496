import test from 'ava';
import { SentenceTransformer, type StreamOptions } from '../../lib/index.ts';
import { fixture } from '../support/fixtures.ts';

const load = () => SentenceTransformer.load(fixture('golden/mean'), { device: 'cpu' });

test('encodeStream reads its options once, whatever the caller does with them later', async (t) => {
  await using model = await load();
  const options: StreamOptions = { truncateDim: 4 };
  const dimensions = new Set<number>();
  const texts = Array.from({ length: 2000 }, (_, i) => `text ${i}`);
  for await (const { length } of model.encodeStream(texts, options)) {
    dimensions.add(length);
    options.truncateDim = 2;
  }
  t.deepEqual([...dimensions], [4]);
});

test('encodeStream refuses a prompt that does not exist, and a disposed model, before it reads a text', async (t) => {
  const model = await load();
  const unread = {
    [Symbol.iterator]: (): Iterator<string> => {
      throw new Error('was read');
    },
  };
  t.throws(() => model.encodeStream(unread, { promptName: 'none such' }), {
    code: 'ST_UNKNOWN_PROMPT',
  });
  await model.dispose();
  t.throws(() => model.encodeStream(unread), { code: 'ST_DISPOSED' });
});

test('what ends a stream has the stack of who began it', async (t) => {
  await using model = await load();
  async function callerOfStream() {
    return model.encodeStream(['a', 5 as unknown as string], {});
  }
  const results = await callerOfStream();
  t.is((await results.next()).value?.length, model.dimension);
  const error = await t.throwsAsync(results.next(), { code: 'ST_INVALID_INPUT' });
  t.regex(String(error?.stack), /^InputError \[ST_INVALID_INPUT\]: .*\n {4}at callerOfStream/);
});

test('a stream ends with the code of its signal or its time, and leaves nothing queued', async (t) => {
  await using model = await load();
  const waits = {
    async *[Symbol.asyncIterator]() {
      yield 'a text';
      await new Promise(() => {});
    },
  };
  const controller = new AbortController();
  const results = model.encodeStream(waits, { signal: controller.signal });
  await results.next();
  const next = results.next();
  controller.abort();
  await t.throwsAsync(next, { code: 'ST_ABORTED' });
  await t.throwsAsync(model.encodeStream(['a'], { timeoutMs: 0 }).next(), { code: 'ST_TIMEOUT' });
  await t.throwsAsync(model.encodeStream(['a'], { signal: AbortSignal.abort() }).next(), {
    code: 'ST_ABORTED',
  });
  t.is(model.stats().queuedTexts, 0);
});

test('a callback of progress that throws ends its own call alone', async (t) => {
  await using model = await load();
  const mine = new Error('in my callback');
  const fails = () => {
    throw mine;
  };
  const { proxy, revoke } = Proxy.revocable(fails, {});
  revoke();
  const [bad, odd, good] = await Promise.allSettled([
    model.encode('a', { showProgressBar: fails }),
    model.encode('b', { showProgressBar: proxy }),
    model.encode('c', { showProgressBar: () => {} }),
  ]);
  t.is((bad as PromiseRejectedResult).reason, mine);
  t.is(odd.status, 'rejected');
  t.is(good.status, 'fulfilled');
  t.is(model.stats().queuedTexts, 0);
});
