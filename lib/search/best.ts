import { getHeapStatistics } from 'node:v8';
import { createError } from '../errors.ts';
import type { StepGauge, Steps } from './turns.ts';

/** A hit of a semantic search. */
export interface Hit {
  /** Index in the corpus. */
  readonly corpusId: number;
  /** Higher is more alike. */
  readonly score: number;
}

/** About what a Hit takes: an object, a boxed number, a place in a list, and its numbers here. */
const bytesPerHit = 96;
/** What moving one hit in a heap costs, in values. */
const movingValues = 64;

/**
 * The best hits of each query so far, at most `size` of each: a heap whose root is the worst. Rows of the corpus come in
 * order, so of equal scores the first ones are kept, and given first.
 */
export class BestHits {
  readonly #size: number;
  readonly #scores: Float32Array;
  readonly #ids: Float64Array;
  readonly #counts: Float64Array;

  /** Throws `ST_OUT_OF_MEMORY` if so many hits can't be held. */
  constructor(queries: number, size: number) {
    checkMemory(queries, size);
    try {
      this.#scores = new Float32Array(queries * size);
      this.#ids = new Float64Array(queries * size);
      this.#counts = new Float64Array(queries);
    } catch (error) {
      throw tooMany(queries, size, error);
    }
    this.#size = size;
  }

  /** Takes the score of a row of the corpus if it is among the best. */
  add(query: number, corpusId: number, score: number): void {
    const start = query * this.#size;
    const count = this.#counts[query] as number;
    if (count < this.#size) {
      this.#counts[query] = count + 1;
      this.#rise(start, count, corpusId, score);
    } else if (score > (this.#scores[start] as number)) {
      this.#sink(start, count, corpusId, score);
    }
  }

  /** The hits of a query, best first. It has none afterwards. */
  *take(query: number, gauge: StepGauge): Steps<Hit[]> {
    const start = query * this.#size;
    let count = this.#counts[query] as number;
    const hits = new Array<Hit>(count);
    while (count > 0) {
      const last = start + --count;
      hits[count] = {
        corpusId: this.#ids[start] as number,
        score: this.#scores[start] as number,
      };
      this.#sink(start, count, this.#ids[last] as number, this.#scores[last] as number);
      if (gauge.add(movingValues)) yield;
    }
    this.#counts[query] = 0;
    return hits;
  }

  /** Puts a hit at the end of a heap and lets it rise past those that are better. */
  #rise(start: number, end: number, corpusId: number, score: number): void {
    let place = end;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isWorse(corpusId, score, start + parent)) break;
      this.#copy(start + parent, start + place);
      place = parent;
    }
    this.#set(start + place, corpusId, score);
  }

  /** Puts a hit at the root of a heap of `count` in place of the worst, and lets it sink below those that are worse. */
  #sink(start: number, count: number, corpusId: number, score: number): void {
    let place = 0;
    for (let child = 1; child < count; child = place * 2 + 1) {
      const right = child + 1;
      if (
        right < count &&
        this.#isWorse(this.#id(start + right), this.#score(start + right), start + child)
      ) {
        child = right;
      }
      if (this.#isWorse(corpusId, score, start + child)) break;
      this.#copy(start + child, start + place);
      place = child;
    }
    this.#set(start + place, corpusId, score);
  }

  #isWorse(corpusId: number, score: number, than: number): boolean {
    const other = this.#score(than);
    return score < other || (score === other && corpusId > this.#id(than));
  }

  #id(index: number): number {
    return this.#ids[index] as number;
  }

  #score(index: number): number {
    return this.#scores[index] as number;
  }

  #set(index: number, corpusId: number, score: number): void {
    this.#ids[index] = corpusId;
    this.#scores[index] = score;
  }

  #copy(from: number, to: number): void {
    this.#set(to, this.#id(from), this.#score(from));
  }
}

/** Objects can't be refused when they are made: a process without memory for them ends. */
function checkMemory(queries: number, size: number): void {
  const { heap_size_limit, used_heap_size } = getHeapStatistics();
  if (queries * size * bytesPerHit > heap_size_limit - used_heap_size) throw tooMany(queries, size);
}

function tooMany(queries: number, size: number, cause?: unknown): Error {
  return createError(
    'ST_OUT_OF_MEMORY',
    `${queries} queries with up to ${size} hits each need about ${queries * size * bytesPerHit} bytes, more than there are. ` +
      'Lower topK, or search for fewer queries at once.',
    { cause },
  );
}
