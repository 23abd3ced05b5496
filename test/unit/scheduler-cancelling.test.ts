import test from 'ava';
import { HeldScheduler, request, turns } from '../support/held-scheduler.ts';

test('texts of an aborted call leave a batch that no stream has begun', async (t) => {
  const held = new HeldScheduler({ paddingFree: true }, { begun: false });
  const controller = new AbortController();
  const aborted = held.scheduler.submit(request([5, 6]), { signal: controller.signal });
  const kept = held.scheduler.submit(request([7]));
  await turns();
  t.deepEqual(held.texts.flat().sort(), [5, 6, 7]);
  controller.abort();
  await t.throwsAsync(aborted, { code: 'ST_ABORTED' });
  t.deepEqual(held.texts.flat(), [7]);
  await held.finish();
  await kept;
  t.is(held.scheduler.stats().texts, 1);
});

test('texts of a call whose time is up leave a batch too', async (t) => {
  const held = new HeldScheduler({ paddingFree: true }, { begun: false });
  const late = held.scheduler.submit(request([5]), { timeoutMs: 10 });
  await turns();
  held.clock.advance(10);
  await t.throwsAsync(late, { code: 'ST_TIMEOUT' });
  t.deepEqual(held.texts, [[]]);
  await held.finish();
  t.is(held.scheduler.stats().batches, 0);
});

test('a batch that a stream has begun runs on, whoever is gone', async (t) => {
  const held = new HeldScheduler({ paddingFree: true });
  const controller = new AbortController();
  const aborted = held.scheduler.submit(request([5]), { signal: controller.signal });
  await turns();
  controller.abort();
  await t.throwsAsync(aborted, { code: 'ST_ABORTED' });
  t.deepEqual(held.texts, [[5]]);
  await held.finish();
  t.is(held.scheduler.stats().batches, 1);
});

test('one signal ends twenty thousand calls and leaves nothing queued', async (t) => {
  const held = new HeldScheduler({ paddingFree: true, maxQueuedTexts: 20_000 }, { begun: false });
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 20_000 }, () =>
    held.scheduler.submit(request([5]), { signal }).catch((error: { code: string }) => error.code),
  );
  await turns(20);
  controller.abort();
  t.deepEqual(new Set(await Promise.all(calls)), new Set(['ST_ABORTED']));
  const { queuedTexts, queuedTokens, aborted } = held.scheduler.stats();
  t.deepEqual(
    { queuedTexts, queuedTokens, aborted },
    { queuedTexts: 0, queuedTokens: 0, aborted: 20_000 },
  );
  t.deepEqual(held.texts.flat(), []);
});

test('a signal that throws is refused and leaves nothing queued', async (t) => {
  const held = new HeldScheduler({ maxQueuedTexts: 1 });
  const nothing = () => {};
  const broken = { aborted: false, addEventListener: nothing, removeEventListener: nothing };
  const cause = new Error('mine');
  const fails = () => {
    throw cause;
  };
  for (const signal of [
    { ...broken, addEventListener: fails },
    Object.defineProperty({ ...broken }, 'aborted', { get: fails }),
  ] as unknown as AbortSignal[]) {
    t.like(
      t.throws(() => held.scheduler.submit(request([1]), { signal, timeoutMs: 5 })),
      {
        code: 'ST_INVALID_OPTION',
        cause,
      },
    );
  }
  t.is(held.scheduler.stats().queuedTexts, 0);
  t.is(held.clock.timers, 0);
  const signal = { ...broken, removeEventListener: fails } as unknown as AbortSignal;
  const done = held.scheduler.submit(request([2]), { signal });
  await turns();
  await held.finish();
  await t.notThrowsAsync(done);
});

test('one signal ends twenty thousand calls that share one batch within seconds', async (t) => {
  const settings = { paddingFree: true, maxQueuedTexts: 20_000, maxBatchTokens: 1e6 };
  const held = new HeldScheduler(settings, { begun: false });
  const { signal, abort } = controlled();
  const limits = { batchSize: 20_000, maxBatchTokens: 1e6 };
  const calls = Array.from({ length: 20_000 }, () =>
    held.scheduler
      .submit(request([5], { limits }), { signal })
      .catch((error: { code: string }) => error.code),
  );
  await turns(400);
  t.is(held.texts.flat().length, 20_000);
  const started = performance.now();
  abort();
  t.deepEqual(new Set(await Promise.all(calls)), new Set(['ST_ABORTED']));
  t.true(performance.now() - started < 10_000); // a bound against a hang; it takes some 0.2 s
  t.deepEqual(held.texts.flat(), []);
});

test('what is left out of a batch makes room for others, and its limits go with it', async (t) => {
  const held = new HeldScheduler({ paddingFree: true }, { begun: false });
  const { signal, abort } = controlled();
  const limits = { batchSize: 2, maxBatchTokens: 50 };
  const aborted = held.scheduler.submit(request([40, 5], { limits }), { signal });
  await turns();
  abort();
  await t.throwsAsync(aborted, { code: 'ST_ABORTED' });
  const calls = [60, 10, 10].map((tokens) => held.scheduler.submit(request([tokens])));
  await turns();
  t.deepEqual(held.texts, [[60, 10, 10]]);
  await held.finish();
  await Promise.all(calls);
});

test('a batch that fails to leave texts out runs on, and the others of its signal end all the same', async (t) => {
  const held = new HeldScheduler({ paddingFree: true }, { begun: false, cancel: 'throws' });
  const { signal, abort } = controlled();
  const calls = [1, 2].map((tokens) => held.scheduler.submit(request([tokens]), { signal }));
  await turns();
  abort();
  for (const call of calls) await t.throwsAsync(call, { code: 'ST_ABORTED' });
  await held.finish();
  t.is(held.scheduler.stats().queuedTexts, 0);
});

test('a signal whose reason throws ends its calls with a code', async (t) => {
  let onAbort = () => {};
  const signal = {
    aborted: false,
    addEventListener: (_: string, listener: () => void) => {
      onAbort = listener;
    },
    removeEventListener() {},
    get reason() {
      throw new Error('mine');
    },
  };
  const held = new HeldScheduler();
  const given = { signal: signal as unknown as AbortSignal };
  const calls = [
    held.scheduler.submit(request([1]), given),
    held.scheduler.submit(request([2]), given),
  ];
  onAbort();
  for (const call of calls) await t.throwsAsync(call, { code: 'ST_ABORTED' });
  signal.aborted = true;
  t.throws(() => held.scheduler.submit(request([1]), given), { code: 'ST_ABORTED' });
});

test('when all calls are aborted at once, each gets an error of its own', async (t) => {
  const held = new HeldScheduler();
  const calls = [held.scheduler.submit(request([1])), held.scheduler.submit(request([2]))];
  const outcomes = Promise.allSettled(calls);
  held.scheduler.abortAll(() => new Error('gone'));
  const [a, b] = (await outcomes) as PromiseRejectedResult[];
  t.is(a?.reason.message, 'gone');
  t.not(a?.reason, b?.reason);
});

function controlled() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
