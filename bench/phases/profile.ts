import { encoderOf, ours } from '../contender/encoders.ts';
import type { Ground } from '../prepare/ground.ts';
import { makePool } from '../prepare/pools.ts';
import { type BulkProfile, bulkProfile } from '../report/profile-line.ts';
import { openEngine } from './contest.ts';

/** Texts that are encoded beforehand: the first call starts the threads that tokenize. */
const warmUp = 64;

/** Where the time goes while a model encodes the mixed texts in one call. */
export async function profileBulkCall(ground: Ground): Promise<BulkProfile> {
  const { model, plan, folder } = ground;
  const texts = plan.profileTexts;
  ground.report(`profile of a bulk call of ${texts} mixed texts`);
  const pool = await makePool(model, 'mixed', folder);
  using engine = await openEngine(ground, encoderOf(ours), {});
  await engine.ask('encode', { texts: pool.file, from: 0, count: warmUp });
  const profile = await engine.ask('profile', { texts: pool.file, from: warmUp, count: texts });
  return bulkProfile(profile, { model: model.name, contender: ours, texts });
}
