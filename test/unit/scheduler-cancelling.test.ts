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
