import { readdirSync, readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import type { Profile } from './protocol.ts';

/** Linux counts a thread's CPU time in hundredths of a second, whatever the kernel's own clock. */
const tickMs = 10;

interface Thread {
  readonly name: string;
  readonly ms: number;
}

/** The CPU time of each thread of this process so far. */
function threadTimes(): Map<number, Thread> {
  const threads = new Map<number, Thread>();
  for (const id of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, 'utf8');
    const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')];
    const fields = stat.slice(close + 2).split(' '); // from the third field on
    const ticks = Number(fields[11]) + Number(fields[12]);
    threads.set(Number(id), { name: stat.slice(open + 1, close), ms: ticks * tickMs });
  }
  return threads;
}

const resting = new Set(['(idle)', '(root)']);

/** Samples by file, or by part of V8 for what is in none. */
function samplesOf(profile: Profiler.Profile): Record<string, number> {
  const samples: Record<string, number> = {};
  for (const { callFrame, hitCount } of profile.nodes) {
    const place = callFrame.url || callFrame.functionName;
    if (hitCount && !resting.has(place)) samples[place] = (samples[place] ?? 0) + hitCount;
  }
  return samples;
}

/** Where the JavaScript thread is while `work` runs. */
async function sampled(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return samplesOf(profile);
}

/**
 * Where the CPU time of this process goes while `work` runs. It runs twice, since taking samples costs the JavaScript thread
 * more than the library does: the time of the threads is that of a run without.
 */
export async function measureProfile(work: () => Promise<unknown>): Promise<Profile> {
  const samples = await sampled(work);
  const before = threadTimes();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const threads = [...threadTimes()].map(([id, thread]) => ({
    name: thread.name,
    main: id === process.pid,
    ms: thread.ms - (before.get(id)?.ms ?? 0),
  }));
  return { ms, threads, samples };
}
