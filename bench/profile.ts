/**
 * Where the CPU time of a bulk call goes: 5,000 mixed texts, all-MiniLM-L6-v2, sentence-torch float32. One JSON line, and a
 * table on standard error. See bench/README.md.
 *
 *   npm run bench:profile [-- --quick]
 */
import { runCommand } from './command.ts';
import { readPartPlan } from './encode-options.ts';
import { profileBulkCall } from './phases/profile.ts';
import { withGround } from './prepare/ground.ts';
import { profileTable } from './report/profile-line.ts';

await runCommand('usage: npm run bench:profile -- [--quick]', readPartPlan, (plan) =>
  withGround(plan, 'minilm', async (ground) => {
    const profile = await profileBulkCall(ground);
    console.error(`\n${profileTable(profile)}`);
    console.log(JSON.stringify(profile.line));
  }),
);
