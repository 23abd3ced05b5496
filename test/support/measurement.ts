import type { Encoder } from '../../bench/contender/encoders.ts';
import type { Measurement } from '../../bench/phases/encode-rounds.ts';

/** A contender that does so many tokens per second in each round: ten for a text. */
export function measured(encoder: Encoder, rates: readonly number[], minCosine = 1): Measurement {
  const samples = rates.map((rate) => ({
    textsPerSecond: rate / 10,
    tokensPerSecond: rate,
    operationsPerSecond: rate * 1e6,
    latencyMs: 1000 / rate,
  }));
  const engine = undefined as unknown as Measurement['engine']; // nobody asks it any more
  const valid = minCosine > 0.9999;
  const rest = { tried: [], setting: {}, textsPerSecond: 1, loadMs: 500, peakRssMB: 300, engine };
  return { encoder, samples, minCosine, valid, ...rest };
}
