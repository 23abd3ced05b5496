import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root, venvPython } from '../../scripts/python.ts';
import type { Arithmetic } from '../contender/encoders.ts';
import { productsOf, type Shape } from '../workload/operations.ts';

export type Rates = Record<Arithmetic, number>;

/** The best matrix products of a model's shapes that this machine has shown so far. */
export class Roofline implements Disposable {
  rates: Rates = { float32: Number.NaN, bfloat16: Number.NaN, int8: Number.NaN };
  readonly #child;
  readonly #lines;

  constructor(shape: Shape) {
    const script = path.join(root, 'bench', 'python', 'roofline.py');
    const args = [script, JSON.stringify(productsOf(shape))];
    this.#child = spawn(venvPython, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** As often as it takes to come near the best, before anything is held against it. */
  async warmUp(): Promise<void> {
    for (let pass = 0; pass < 5; pass++) await this.measure();
  }

  /** Measures once more, with all cores. */
  async measure(): Promise<void> {
    this.#child.stdin.write('\n');
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('The process that measures the roofline ended.');
    this.rates = JSON.parse(value) as Rates;
  }

  [Symbol.dispose](): void {
    this.#child.stdin.end();
  }
}
