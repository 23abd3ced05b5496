import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import type { Profile, ThreadTimes } from './protocol.ts';

const tasks = '/proc/self/task';

const threadIds = (): string[] => (existsSync(tasks) ? readdirSync(tasks) : []);

/** Node's own threads: this file is loaded before the library is. */
const runtimeIds = new Set(threadIds());

function originOf(id: string): ThreadTimes['origin'] {
  if (Number(id) === process.pid) return 'main';
  return runtimeIds.has(id) ? 'runtime' : 'library';
}

/** What each thread of this process did so far. */
function threadTimes(): Map<string, ThreadTimes> {
  const threads = new Map<string, ThreadTimes>();
  for (const id of threadIds()) {
    const read = (file: string): string => readFileSync(`${tasks}/${id}/${file}`, 'utf8').trim();
    const [cpuMs, waitMs] = read('schedstat')
      .split(' ')
      .map((nanoseconds) => Number(nanoseconds) / 1e6) as [number, number];
    threads.set(id, { name: read('comm'), origin: originOf(id), cpuMs, waitMs });
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
 * Where the time of this process goes while `work` runs. It runs twice, since taking samples costs the JavaScript thread
 * more than the library does: the time of the threads is that of a run without.
 */
export async function measureProfile(work: () => Promise<unknown>): Promise<Profile> {
  const samples = await sampled(work);
  const before = threadTimes();
  const started = performance.now();
  await work();
  const wallMs = performance.now() - started;
  const threads = [...threadTimes()].map(([id, thread]) => ({
    ...thread,
    cpuMs: thread.cpuMs - (before.get(id)?.cpuMs ?? 0),
    waitMs: thread.waitMs - (before.get(id)?.waitMs ?? 0),
  }));
  return { wallMs, threads, samples };
}
