export interface ClosedLoopOptions {
  /** Callers, each of which waits for its answer before it asks again. */
  callers: number;
  seconds: number;
  issue: () => Promise<unknown>;
}

export interface ClosedLoop {
  readonly textsPerSecond: number;
  readonly latenciesMs: readonly number[];
}

/**
 * Throughput while `callers` always have something waiting. When the time is over nobody asks again, but all that was asked
 * for is waited for and counted, with the time that it took: a library that runs the short texts first, or answers in
 * lumps, gains and loses nothing by it.
 */
export async function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoop> {
  const start = performance.now();
  const end = start + options.seconds * 1000;
  const latenciesMs: number[] = [];
  const caller = async (): Promise<void> => {
    for (let asked = start; asked < end; asked = performance.now()) {
      await options.issue();
      latenciesMs.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: options.callers }, caller));
  const seconds = (performance.now() - start) / 1000;
  return { textsPerSecond: latenciesMs.length / seconds, latenciesMs };
}
