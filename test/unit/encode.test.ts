import test from 'ava';
import { encodeTexts } from '../../lib/encode/encode.ts';
import { resolveEncodeOptions } from '../../lib/encode/options.ts';
import { HeldScheduler } from '../support/held-scheduler.ts';

test('more embeddings than can be allocated are refused with their size', async (t) => {
  const options = resolveEncodeOptions({}, { dimension: 1, maxBatchTokens: 512 });
  const texts = { length: 2 ** 45 } as readonly string[];
  await t.throwsAsync(encodeTexts(new HeldScheduler().scheduler, texts, '', options), {
    code: 'ST_OUT_OF_MEMORY',
    message: /need 140737488355328 bytes/,
  });
});
