import type { EncodeOptions } from '../../lib/index.ts';

type Outcome = 'result' | 'ST_ABORTED' | 'ST_TIMEOUT';

/** One way to end a call early. */
export type Moment = (
  random: () => number,
  lasting: AbortSignal,
) => {
  readonly options: Omit<EncodeOptions, 'convertToTensor'>;
  /** Called as soon as encode() has returned. */
  readonly asked?: () => void;
  /** How the call may end. */
  readonly expected: readonly Outcome[];
};

/** Aborts when `schedule` says so. */
function abortBy(schedule: (abort: () => void, random: () => number) => void): Moment {
  return (random) => {
    const controller = new AbortController();
    return {
      options: { signal: controller.signal },
      asked: () => schedule(() => controller.abort(), random),
      expected: ['result', 'ST_ABORTED'],
    };
  };
}

/** Many calls that hang on one signal; after a while it fires for all of them, and a new one takes its place. */
function sharedSignal(): Moment {
  let controller = new AbortController();
  let users = 0;
  return (random) => {
    if (users++ === 64) {
      controller = new AbortController();
      users = 1;
    }
    const { signal } = controller;
    if (users === 32) setTimeout(() => controller.abort(), random() * 5);
    return { options: { signal }, expected: ['result', 'ST_ABORTED'] };
  };
}

const before: Moment = () => ({
  options: { signal: AbortSignal.abort() },
  expected: ['ST_ABORTED'],
});
const never: Moment = () => ({ options: {}, expected: ['result'] });
const neverOfLasting: Moment = (_random, signal) => ({ options: { signal }, expected: ['result'] });
const timeout: Moment = (random) => ({
  options: { timeoutMs: 1 + Math.floor(random() * 10) },
  expected: ['result', 'ST_TIMEOUT'],
});
const both: Moment = (random) => ({
  options: { timeoutMs: 1 + Math.floor(random() * 5), signal: AbortSignal.timeout(3) },
  expected: ['result', 'ST_TIMEOUT', 'ST_ABORTED'],
});

/** Every stage that a call goes through, and some more often than others. */
export const moments: readonly Moment[] = [
  before,
  never,
  neverOfLasting,
  timeout,
  both,
  sharedSignal(),
  abortBy((abort) => abort()),
  abortBy((abort) => queueMicrotask(abort)),
  abortBy((abort) => process.nextTick(abort)),
  abortBy((abort) => setImmediate(abort)),
  abortBy((abort) => setImmediate(() => setImmediate(abort))),
  abortBy((abort, random) => setTimeout(abort, random() * 10)),
  abortBy((abort, random) => setTimeout(abort, random() * 40)),
];
