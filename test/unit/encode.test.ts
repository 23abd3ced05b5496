import test from 'ava';
import { encodeTexts } from '../../lib/encode/encode.ts';
import { resolveEncodeOptions } from '../../lib/encode/options.ts';
import { HeldScheduler } from '../support/held-scheduler.ts';

test('more embeddings than can be allocated are refused with their size', (t) => {
  const options = resolveEncodeOptions(
    {},
    { dimension: 2 ** 45, truncateDim: 2 ** 45, maxBatchTokens: 512 },
  );
  const { scheduler } = new HeldScheduler();
  t.throws(() => encodeTexts(scheduler, ['a text'], '', options), {
    code: 'ST_OUT_OF_MEMORY',
    message: /need 140737488355328 bytes/,
  });
});
