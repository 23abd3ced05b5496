import test from 'ava';
import { createError, createRefusal, withCallerStack } from '../../lib/errors.ts';

const fails = (work: () => Promise<never>) => {
  async function method(): Promise<never> {
    return withCallerStack(method, work);
  }
  return function callerOfMethod() {
    return method();
  };
};

test('what a method throws at once, or later, has the stack of its caller', async (t) => {
  const atOnce = fails(() => {
    throw createError('ST_INVALID_INPUT', 'now');
  });
  const later = fails(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw createError('ST_FORWARD_FAILED', 'later');
  });
  const now = await t.throwsAsync(atOnce());
  t.regex(String(now?.stack), /^InputError \[ST_INVALID_INPUT\]: now\n {4}at callerOfMethod/);
  const then = await t.throwsAsync(later());
  t.regex(
    String(then?.stack),
    /^ExecutionError \[ST_FORWARD_FAILED\]: later\n {4}at callerOfMethod/,
  );
});

test('errors of others keep their stack', async (t) => {
  const error = new TypeError('a bug');
  const { stack } = error;
  const method = fails(() => {
    throw error;
  });
  t.is(await t.throwsAsync(method()), error);
  t.is(error.stack, stack);
});

test('a refusal has its code and no frames; errors made after it have theirs', async (t) => {
  const before = Error.stackTraceLimit;
  const method = fails(() => {
    throw createRefusal('full');
  });
  const error = await t.throwsAsync(method(), { code: 'ST_OVERLOADED', name: 'ExecutionError' });
  t.is(error?.stack, 'ExecutionError [ST_OVERLOADED]: full');
  t.is(Error.stackTraceLimit, before);
  t.regex(String(new Error('next').stack), /\n {4}at /);
});

test('an error thrown at once rejects only when it can have been handled', async (t) => {
  const full = (): Promise<never> => {
    throw createRefusal('full');
  };
  const order: string[] = [];
  const call = withCallerStack(full, full).catch(() => order.push('rejected'));
  await Promise.resolve().then(() => order.push('a turn later'));
  await call;
  t.deepEqual(order, ['a turn later', 'rejected']);
});
