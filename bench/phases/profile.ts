import { encoders } from '../contender/encoders.ts';
import type { Profile } from '../contender/engine/protocol.ts';
import type { Ground } from '../prepare/ground.ts';
import { makePool } from '../prepare/pools.ts';
import { openEngine } from './contest.ts';

/** Shares of the CPU time of a bulk call, by part. */
export interface Shares {
  readonly [part: string]: number;
  readonly model: number;
}

/** Threads that run the model; the kernel keeps 15 characters of a name. */
const streamThread = /^st-stream/;

const rooms: readonly (readonly [RegExp, string])[] = [
  [/\/tokenizer\/|node_modules\/tokenizers/, 'tokenizing, JS thread'],
  [/\/scheduler\//, 'scheduling'],
  [/\/native\//, 'crossing N-API'],
  [/\/encode\/|sentence-transformer/, 'assembling'],
  [/^\(garbage collector\)$/, 'garbage collection'],
];

const roomOf = (place: string): string =>
  rooms.find(([pattern]) => pattern.test(place))?.[1] ?? 'JS thread, the rest';

/**
 * The time of the JavaScript thread is split by its samples; native code that it calls counts for who called it only where V8
 * sees that. What is neither a stream nor that thread are the pools that tokenize, and V8's helpers.
 */
export function sharesOf({ threads, samples }: Profile): Shares {
  const isModel = ({ name }: { name: string }): boolean => streamThread.test(name);
  if (!threads.some(isModel)) {
    throw new Error(
      'no thread is called st-stream: the addon has to name the threads of its streams',
    );
  }
  const sum = (list: Profile['threads']): number => list.reduce((all, { ms }) => all + ms, 0);
  const all = sum(threads);
  const main = sum(threads.filter((thread) => thread.main));
  const model = sum(threads.filter(isModel));
  const shares: Record<string, number> & { model: number } = {
    model: model / all,
    'tokenizing, thread pools': (all - main - model) / all,
  };
  const counted = Object.values(samples).reduce((a, b) => a + b, 0);
  for (const [place, count] of Object.entries(samples)) {
    const room = roomOf(place);
    shares[room] = (shares[room] ?? 0) + ((count / counted) * main) / all;
  }
  return shares;
}

/** Where the CPU time goes while MiniLM encodes the mixed texts in one call. */
export async function measureShares(
  ground: Ground,
  name = 'sentence-torch float32',
): Promise<Shares> {
  ground.report('profile of a bulk call');
  const encoder = encoders.find((one) => one.name === name);
  if (encoder === undefined) throw new Error(`There is no contender ${name}.`);
  const { file } = await makePool(ground.model, 'mixed', ground.folder);
  using engine = await openEngine(ground, encoder, {});
  const warm = { texts: file, from: 0, count: 64 };
  await engine.ask('encode', warm);
  const { ms } = await engine.ask('encode', warm);
  const count = Math.ceil((64 / ms) * 1000 * ground.plan.profileSeconds);
  return sharesOf(await engine.ask('profile', { texts: file, from: 64, count }));
}
