import test from 'ava';
import fc from 'fast-check';
import { createError } from '../../lib/errors.ts';
import type { BatchItem } from '../../lib/scheduler/batch-runner.ts';
import { HeldScheduler, request, turns } from '../support/held-scheduler.ts';

test('over maxQueuedTexts a call is refused at once, and the message says what is full', async (t) => {
  const held = new HeldScheduler({ maxQueuedTexts: 3 });
  const taken = held.scheduler.submit(request([5, 5]));
  const refused = request([5, 5], { open: () => t.fail('something was made for a refused call') });
  t.throws(() => held.scheduler.submit(refused), {
    code: 'ST_OVERLOADED',
    message: /maxQueuedTexts is 3 and 2 texts are queued; this call has 2 texts/,
  });
  const fits = held.scheduler.submit(request([5]));
  await turns();
  await held.finish();
  await Promise.all([taken, fits]);
  t.is(held.scheduler.stats().overloaded, 1);
  t.is(held.scheduler.stats().queuedTexts, 0);
});

test('over maxQueuedTokens a call is refused at once', async (t) => {
  const held = new HeldScheduler({ maxQueuedTokens: 8 });
  const taken = held.scheduler.submit(request(['1234']));
  t.throws(() => held.scheduler.submit(request(['123456789'.repeat(3)])), {
    code: 'ST_OVERLOADED',
    message: /maxQueuedTokens is 8 and about 3 tokens are queued/,
  });
  await turns();
  await held.finish();
  await taken;
});

test('an idle model takes a call of any size', async (t) => {
  const held = new HeldScheduler({ maxQueuedTexts: 3 });
  const done = held.scheduler.submit(request(new Array(10).fill(5)));
  await turns();
  await held.finish();
  await t.notThrowsAsync(done);
});

test('an aborted call rejects at once; what waited never runs, what runs is dropped', async (t) => {
  const held = new HeldScheduler();
  const controller = new AbortController();
  const call = request(new Array(50).fill(50));
  const done = held.scheduler.submit(call, { signal: controller.signal });
  await turns();
  const running = held.batches.length;
  controller.abort(new Error('changed my mind'));
  const error = await t.throwsAsync(done, { code: 'ST_ABORTED' });
  t.like(error, { cause: { message: 'changed my mind' } });
  await held.finish();
  t.is(held.batches.length, running);
  t.is(call.written, 0);
  const { queuedTexts, queuedTokens, aborted } = held.scheduler.stats();
  t.deepEqual(
    { queuedTexts, queuedTokens, aborted },
    { queuedTexts: 0, queuedTokens: 0, aborted: 1 },
  );
});

test('a call for whose rows there is no room leaves nothing in the queue', async (t) => {
  const held = new HeldScheduler();
  const roomless = request([5], {
    open() {
      throw createError('ST_OUT_OF_MEMORY', 'no room');
    },
  });
  t.throws(() => held.scheduler.submit(roomless), { code: 'ST_OUT_OF_MEMORY' });
  await turns();
  t.is(held.batches.length, 0);
  t.is(held.scheduler.stats().queuedTexts, 0);
});

test('a signal that has fired already refuses the call', async (t) => {
  const held = new HeldScheduler();
  t.throws(() => held.scheduler.submit(request([5]), { signal: AbortSignal.abort() }), {
    code: 'ST_ABORTED',
  });
  await turns();
  t.is(held.batches.length, 0);
});

test('thousands of calls with one signal put one listener on it, and none when they are done', async (t) => {
  const held = new HeldScheduler({ maxQueuedTexts: 5000 });
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const calls = Array.from({ length: 3000 }, () => held.scheduler.submit(request([5]), { signal }));
  t.is(listeners, 1);
  await turns();
  await held.finish();
  await Promise.all(calls);
  t.is(listeners, 0);
});

test('a call that has no time left is refused before anything is made for it', (t) => {
  const held = new HeldScheduler();
  t.throws(() => held.scheduler.submit(request([5]), { timeoutMs: 0 }), { code: 'ST_TIMEOUT' });
  t.is(held.scheduler.stats().queuedTexts, 0);
  t.is(held.clock.timers, 0);
});

test('a call past its timeoutMs rejects, and its timer goes with it', async (t) => {
  const held = new HeldScheduler();
  const slow = held.scheduler.submit(request([5]), { timeoutMs: 10 });
  const fast = held.scheduler.submit(request([5]), { timeoutMs: 100 });
  const rejected = t.throwsAsync(slow, { code: 'ST_TIMEOUT', message: /timeoutMs of 10 ms/ });
  await turns();
  held.clock.advance(10);
  await rejected;
  await held.finish();
  await fast;
  t.is(held.clock.timers, 0);
  t.is(held.scheduler.stats().timedOut, 1);
});

test('abortAll rejects every call and leaves nothing', async (t) => {
  const held = new HeldScheduler();
  const calls = [
    held.scheduler.submit(request([5])),
    held.scheduler.submit(request(new Array(99).fill(9))),
  ];
  const outcomes = Promise.allSettled(calls);
  await turns();
  held.scheduler.abortAll(() => createError('ST_DISPOSED', 'gone'));
  t.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await held.finish();
  t.is(held.scheduler.stats().queuedTexts, 0);
});

interface Plan {
  readonly tokens: readonly number[];
  readonly bulk: boolean;
  readonly abortAfter: number | undefined;
}

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  tokens: fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 40 }),
  bulk: fc.boolean(),
  abortAfter: fc.option(fc.nat(10), { nil: undefined }),
});

test('for any calls, failures and aborts: each settles once, and no text is lost, run twice or left', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyPlan, { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 120, max: 160 }),
      fc.boolean(),
      fc.boolean(),
      async (plans, streams, bad, begun, paddingFree) => {
        const runs = new Map<Float32Array, number>();
        const run = async (batch: readonly BatchItem[]) => {
          await turns(1);
          if (batch.some(({ ids }) => ids.length === bad)) throw new Error('bad text');
          const lengths = batch.map(({ ids }) => ids.length);
          const cost = paddingFree
            ? lengths.reduce((sum, length) => sum + length)
            : Math.max(...lengths) * batch.length;
          t.true(batch.length === 1 || cost <= 100);
          for (const { ids, row } of batch) {
            row[0] = ids.length;
            runs.set(row, (runs.get(row) ?? 0) + 1);
          }
        };
        const settings = { streams, paddingFree, maxQueuedTexts: 10_000 };
        const held = new HeldScheduler(settings, { run, begun });
        let settled = 0;
        await Promise.all(
          plans.map(async ({ tokens, bulk, abortAfter }) => {
            const controller = new AbortController();
            const call = request(tokens, { priority: bulk ? 'bulk' : 'interactive' });
            const done = held.scheduler.submit(call, { signal: controller.signal });
            const outcome = done.then(
              () => 'written',
              (error: Error) => error.message,
            );
            if (abortAfter !== undefined) {
              await turns(abortAfter);
              controller.abort();
            }
            const result = await outcome;
            settled++;
            if (result === 'written') {
              t.is(call.written, tokens.length);
              t.deepEqual(
                call.rows.map((row) => row[0]),
                [...tokens],
              );
            } else if (result === 'bad text') {
              t.true(tokens.includes(bad));
            } else {
              t.not(abortAfter, undefined);
            }
          }),
        );
        await turns(20);
        t.is(settled, plans.length);
        t.true([...runs.values()].every((count) => count === 1));
        const { queuedTexts, queuedTokens, runningBatches } = held.scheduler.stats();
        t.deepEqual(
          { queuedTexts, queuedTokens, runningBatches },
          { queuedTexts: 0, queuedTokens: 0, runningBatches: 0 },
        );
      },
    ),
    { numRuns: 60 },
  );
});
