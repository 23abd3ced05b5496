import { AsyncResource } from 'node:async_hooks';
import { SentenceTorchError } from '../errors.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { abortError, hasFired } from '../util/signal.ts';
import { Batch } from './batch.ts';
import { BatchRunner, type RunBatch } from './batch-runner.ts';
import { Call, type CallRequest, type Priority, priorityOf } from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { QueueGauge, type QueueLimits } from './gauge.ts';
import { Intake, type Tokenized } from './intake.ts';
import { type Item, Lane } from './lane.ts';
import { type Layout, nothing, padded, paddingFree, plus } from './policy.ts';
import { Recorder, type Stats } from './stats.ts';
import { type CallControl, timeoutError, Watch } from './watch.ts';

/** What the scheduler is made for. */
export interface SchedulerSettings extends QueueLimits {
  /** The model's name, for events. */
  readonly name: string;
  readonly streams: number;
  /** Whether batches are computed end to end, without padding. */
  readonly paddingFree: boolean;
  /** Default of the calls' own limit; for a full batch, and for what is tokenized ahead. */
  readonly maxBatchTokens: number;
  readonly maxQueueDelayMs: number;
}

/** Texts tokenized ahead of need: enough to sort into rectangles of nearly equal lengths. */
const aheadTexts = 1024;
/** Batches per stream tokenized ahead of need, for large batches of short texts. */
const aheadBatches = 4;
/**
 * Bulk texts ride in interactive batches up to this share of a batch: a lone text takes as long as it takes to read all
 * weights, in which others are computed nearly for free, and more of them would make it wait.
 */
const rideShare = 0.625;

/**
 * Batches follow from one another without end, and belong to all callers: in the async context of the one who began it, all
 * that comes later would count as theirs, and be kept by them. So all of it runs in that in which this library was imported.
 */
const contextOfNobody = new AsyncResource('sentence-torch.batches');

/** What waits with one priority. */
interface Queue {
  readonly priority: Priority;
  readonly intake: Intake;
  readonly lane: Lane;
  /** Batches given to the streams. */
  inFlight: number;
  /** Of them, those that no stream has begun as far as we know, in the order in which they will run. */
  readonly prepared: Set<Batch>;
  cancelDelay: (() => void) | undefined;
}

/**
 * One queue for the texts of all callers, in two lanes. Each stream has one batch of a lane running and one prepared;
 * while they are busy texts gather, so batches grow with the load by themselves and an idle model runs a lone text at
 * once. Interactive batches overtake prepared bulk ones at the streams, which keep a share for bulk.
 */
export class Scheduler {
  readonly #settings: SchedulerSettings;
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #runner: BatchRunner;
  readonly #watch: Watch;
  readonly #gauge: QueueGauge;
  readonly #queues: Record<Priority, Queue>;
  readonly #calls = new Set<Call>();

  constructor(
    run: RunBatch,
    tokenizer: Tokenizer,
    settings: SchedulerSettings,
    clock = systemClock,
  ) {
    this.#settings = settings;
    this.#layout = settings.paddingFree ? paddingFree : padded;
    this.#clock = clock;
    this.#recorder = new Recorder(settings.name);
    this.#gauge = new QueueGauge(settings);
    const end = (call: Call, error: unknown) => this.#end(call, error);
    this.#watch = new Watch(clock, end);
    const outcome = { written: (items: readonly Item[]) => this.#written(items), failed: end };
    this.#runner = new BatchRunner(run, this.#layout, clock, this.#recorder, outcome);
    this.#queues = {
      interactive: this.#makeQueue('interactive', tokenizer),
      bulk: this.#makeQueue('bulk', tokenizer),
    };
  }

  /**
   * Resolves when every row is written. What can't be taken is thrown at once, before anything is made for it: under a load
   * of many times what the machine can do, refusing must not take the time from those that were accepted.
   *
   * @throws ST_OVERLOADED, ST_ABORTED, ST_TIMEOUT (of 0 ms), and what `request.open` throws
   */
  submit(request: CallRequest, control: CallControl = {}): Promise<void> {
    if (hasFired(control.signal)) throw abortError(control.signal, 'The call');
    const tokens = this.#gauge.estimate(request);
    const refusal =
      this.#gauge.refusal(request.texts.length, tokens) ??
      (control.timeoutMs === 0 ? timeoutError(0) : undefined); // no timer is as quick as a small model
    if (refusal) {
      this.#recordCall(request.texts.length, priorityOf(request, tokens), 0, refusal);
      throw refusal;
    }
    request.open();
    if (request.texts.length === 0) return Promise.resolve();
    const call = new Call(request, this.#clock.now(), tokens);
    const unwatch = this.#watch.add(call, control); // the caller's signal may throw: nothing is counted yet
    this.#calls.add(call);
    this.#gauge.enter(call);
    contextOfNobody.runInAsyncScope(() => this.#queues[call.priority].intake.add(call));
    return call.done.finally(unwatch);
  }

  stats(): Stats {
    return this.#recorder.stats({
      queuedTexts: this.#gauge.texts,
      queuedTokens: this.#gauge.tokens,
      runningBatches: this.#queues.interactive.inFlight + this.#queues.bulk.inFlight,
    });
  }

  /** Rejects every call that is not over, each with an error of its own: callers write their stacks into them. */
  abortAll(makeError: () => Error): void {
    for (const call of [...this.#calls]) this.#end(call, makeError());
  }

  #makeQueue(priority: Priority, tokenizer: Tokenizer): Queue {
    const { streams, maxBatchTokens } = this.#settings;
    const lane = new Lane(this.#layout);
    const intake = new Intake(tokenizer, {
      now: this.#clock.now,
      wantsMore: () =>
        lane.texts < aheadTexts || lane.tokens < aheadBatches * streams * maxBatchTokens,
      tokenized: (texts, ms) => this.#tokenized(queue, texts, ms),
      failed: (call, error) => this.#end(call, error),
    });
    const queue: Queue = {
      ...{ priority, intake, lane },
      ...{ inFlight: 0, prepared: new Set(), cancelDelay: undefined },
    };
    return queue;
  }

  #tokenized(queue: Queue, texts: readonly Tokenized[], ms: number): void {
    this.#recorder.tokenized({ texts: texts.length, ms });
    queue.lane.add(texts.filter(({ call }) => !call.isOver));
    this.#dispatch(queue);
  }

  #dispatch(queue: Queue): void {
    queue.cancelDelay?.();
    queue.cancelDelay = undefined;
    while (queue.lane.texts > 0) {
      if (this.#joinPrepared(queue)) continue;
      if (queue.inFlight >= 2 * this.#settings.streams) break;
      const delay = this.#delayLeft(queue);
      if (delay > 0) {
        queue.cancelDelay = this.#clock.after(delay, () => this.#dispatch(queue));
        break;
      }
      this.#runNext(queue);
    }
    queue.intake.pull();
  }

  /** How long to wait for more texts: only when asked to, and only while less than a full batch waits. */
  #delayLeft({ lane }: Queue): number {
    const { maxQueueDelayMs, maxBatchTokens } = this.#settings;
    if (maxQueueDelayMs === 0 || lane.tokens >= maxBatchTokens) return 0;
    return maxQueueDelayMs - (this.#clock.now() - lane.oldest);
  }

  /** Texts that come while the streams are busy join a batch that waits for one. Whether any did. */
  #joinPrepared(queue: Queue): boolean {
    const prepared = this.#stillPrepared(queue);
    if (!this.#shouldJoin(prepared.length)) return false;
    for (const batch of prepared) {
      const items = this.#take(queue, this.#runner.memoryShare, batch.load);
      if (items.length === 0) continue;
      // A stream that began it just now is the next one to need another. What can't join runs in any case.
      if (!this.#runner.extend(batch, items)) void this.#run(queue, items);
      return true;
    }
    return false;
  }

  /** The batches that no stream has begun, the smallest first. */
  #stillPrepared(queue: Queue): Batch[] {
    for (const batch of queue.prepared) {
      if (!this.#runner.waits(batch)) queue.prepared.delete(batch);
    }
    return [...queue.prepared].sort((a, b) => a.load.tokens - b.load.tokens);
  }

  /**
   * Not while a stream may be idle, nor before each stream has a batch of its own to come: several small ones are done
   * sooner than a large one. But with bulk texts waiting there is more to do than the streams can, and large ones cost least.
   */
  #shouldJoin(prepared: number): boolean {
    const { streams } = this.#settings;
    const { interactive, bulk } = this.#queues;
    if (interactive.inFlight + bulk.inFlight < streams) return false;
    return prepared >= streams || bulk.lane.texts > 0;
  }

  #runNext(queue: Queue): void {
    let items = this.#take(queue, this.#runner.memoryShare);
    const { bulk } = this.#queues;
    if (queue !== bulk && bulk.lane.texts > 0) {
      const held = items.reduce(plus, nothing);
      items = items.concat(this.#take(bulk, this.#runner.memoryShare * rideShare, held));
      bulk.intake.pull();
    }
    void this.#run(queue, items);
  }

  #take({ lane }: Queue, share: number, held = nothing): Item[] {
    const items = lane.take(share, held);
    const now = this.#clock.now();
    for (const item of items) this.#recorder.waited(now - item.call.startedAt);
    return items;
  }

  async #run(queue: Queue, items: readonly Item[]): Promise<void> {
    const batch = new Batch(queue.priority, items);
    queue.inFlight++;
    queue.prepared.add(batch);
    await this.#runner.run(batch);
    queue.prepared.delete(batch);
    queue.inFlight--;
    this.#dispatch(queue);
  }

  #written(items: readonly Item[]): void {
    for (const [call, own] of byCall(items)) {
      if (call.isOver) continue;
      try {
        const rows = own.map((item) => item.row);
        call.inContext(() => call.request.onWritten(rows));
      } catch (error) {
        this.#end(call, error); // the caller's own callback threw: theirs alone
        continue;
      }
      this.#gauge.written(call, own.length);
      if (call.textsLeft === 0) this.#end(call, undefined);
    }
  }

  /** The call is over, well without an error. What of it waits never runs, what runs is dropped on arrival. */
  #end(call: Call, error: unknown): void {
    if (call.isOver) return;
    this.#calls.delete(call);
    this.#gauge.leave(call);
    if (error === undefined) {
      call.resolve();
    } else {
      call.reject(error);
      const { intake, lane } = this.#queues[call.priority];
      intake.drop(call);
      lane.drop(call);
      for (const batch of call.batches) this.#runner.cancel(batch, call);
    }
    const ms = this.#clock.now() - call.startedAt;
    const { length } = call.request.texts;
    call.inContext(() => this.#recordCall(length, call.priority, ms, error));
  }

  #recordCall(texts: number, priority: Priority, ms: number, error: unknown): void {
    const code = error instanceof SentenceTorchError ? error.code : 'unknown';
    const event = { texts, priority, ms };
    this.#recorder.call(error === undefined ? event : { ...event, code });
  }
}

function byCall(items: readonly Item[]): Map<Call, Item[]> {
  const calls = new Map<Call, Item[]>();
  for (const item of items) {
    const list = calls.get(item.call);
    if (list) list.push(item);
    else calls.set(item.call, [item]);
  }
  return calls;
}
