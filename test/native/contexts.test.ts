import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import { SentenceTransformer } from '../../lib/index.ts';
import { fixture } from '../support/fixtures.ts';

test('progress is reported in the context of its own caller', async (t) => {
  await using model = await SentenceTransformer.load(fixture('golden/mean'), { device: 'cpu' });
  const store = new AsyncLocalStorage<number>();
  const seen: [number, number | undefined][] = [];
  await Promise.all(
    Array.from({ length: 200 }, (_, caller) =>
      store.run(caller, async () => {
        await model.encode(['a text', 'another one'], {
          showProgressBar: () => seen.push([caller, store.getStore()]),
        });
        seen.push([caller, store.getStore()]);
      }),
    ),
  );
  t.true(seen.length >= 400);
  t.deepEqual(
    seen.filter(([caller, found]) => caller !== found),
    [],
  );
});
