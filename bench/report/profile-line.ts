import type { Profile, ThreadTimes } from '../contender/engine/protocol.ts';
import type { ModelName } from '../prepare/models.ts';
import { rounded } from '../workload/numbers.ts';
import { table } from './markdown.ts';

/** Where the time of a bulk call went. */
export interface ProfileLine {
  bench: 'profile';
  workload: 'mixed';
  model: ModelName;
  contender: string;
  texts: number;
  /** Shares of the CPU time of the process: streams, the JavaScript thread, the threads that tokenize, all others. */
  modelShare: number;
  mainThreadShare: number;
  tokenizerShare: number;
  otherShare: number;
  /** Shares of the time that the streams had: without work, and with work but without a core. */
  streamIdleShare: number;
  streamWaitShare: number;
}

export interface BulkProfile {
  readonly line: ProfileLine;
  /** `mainThreadShare` by what that thread did. */
  readonly mainThread: Readonly<Record<string, number>>;
}

export type ProfileOf = Pick<ProfileLine, 'model' | 'contender' | 'texts'>;

/** Threads that run the model; others that they start are called alike. */
const isStream = ({ name }: ThreadTimes): boolean => name.startsWith('st-stream');

/** The file of a sample tells what the JavaScript thread did. */
const rooms: readonly (readonly [RegExp, string])[] = [
  [/\/tokenizer\/|node_modules\/tokenizers/, 'tokenizing'],
  [/\/scheduler\//, 'scheduling'],
  [/\/native\//, 'crossing N-API'],
  [/\/encode\/|sentence-transformer/, 'assembling'],
  [/^\(garbage collector\)$/, 'garbage collection'],
];

const roomOf = (place: string): string =>
  rooms.find(([pattern]) => pattern.test(place))?.[1] ?? 'the rest';

/** Splits the JavaScript thread's share by its samples; native code counts for who called it only where V8 sees that. */
function byRoom(samples: Profile['samples'], share: number): Record<string, number> {
  const all = Object.values(samples).reduce((a, b) => a + b, 0);
  const shares: Record<string, number> = {};
  for (const [place, count] of Object.entries(samples)) {
    const room = roomOf(place);
    shares[room] = (shares[room] ?? 0) + (count / all) * share;
  }
  return shares;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const cpuOf = (threads: readonly ThreadTimes[]): number => sum(threads.map(({ cpuMs }) => cpuMs));

/**
 * Threads that the library started tokenize, unless they are streams. What was there before it are V8's helpers and libuv's
 * pool, which hands texts to the threads that tokenize and waits for them.
 */
export function bulkProfile({ wallMs, threads, samples }: Profile, of: ProfileOf): BulkProfile {
  const streams = threads.filter(isStream);
  if (streams.length === 0) throw new Error('no thread is called st-stream');
  const others = threads.filter((thread) => !isStream(thread));
  const from = (origin: ThreadTimes['origin']): ThreadTimes[] =>
    others.filter((thread) => thread.origin === origin);
  const all = cpuOf(threads);
  const [busy, waiting] = [cpuOf(streams), sum(streams.map(({ waitMs }) => waitMs))];
  const room = streams.length * wallMs;
  const mainThreadShare = cpuOf(from('main')) / all;
  const line: ProfileLine = {
    bench: 'profile',
    workload: 'mixed',
    ...of,
    modelShare: rounded(busy / all),
    mainThreadShare: rounded(mainThreadShare),
    tokenizerShare: rounded(cpuOf(from('library')) / all),
    otherShare: rounded(cpuOf(from('runtime')) / all),
    streamIdleShare: rounded(Math.max(0, 1 - (busy + waiting) / room)),
    streamWaitShare: rounded(waiting / room),
  };
  return { line, mainThread: byRoom(samples, mainThreadShare) };
}

export function profileTable({ line, mainThread }: BulkProfile): string {
  const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;
  const rooms = Object.entries(mainThread).sort(([, a], [, b]) => b - a);
  const cpu: [string, number][] = [
    ['the model: streams', line.modelShare],
    ['tokenizing: threads of its own', line.tokenizerShare],
    ['the JavaScript thread', line.mainThreadShare],
    ...rooms.map(([room, share]): [string, number] => [`- ${room}`, share]),
    ["V8's helpers, libuv's pool", line.otherShare],
  ];
  const rows = cpu.map(([part, share]) => [part, percent(share)]);
  const [idle, wait] = [percent(line.streamIdleShare), percent(line.streamWaitShare)];
  return [
    table([`${line.texts} ${line.workload} texts, ${line.contender}`, 'share of CPU time'], rows),
    `Of the time of the call, streams were without work for ${idle} and had to wait for a core for ${wait}.`,
  ].join('\n\n');
}
