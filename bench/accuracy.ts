/**
 * How far sentence-torch and the q8 ONNX are from Python's float32 on 5,000 texts, all-MiniLM-L6-v2. One JSON line for each.
 *
 *   npm run bench:accuracy [-- --quick]
 */
import { runCommand } from './command.ts';
import { readPartPlan } from './encode-options.ts';
import { measureAccuracy } from './phases/accuracy.ts';
import { withGround } from './prepare/ground.ts';

await runCommand('usage: npm run bench:accuracy -- [--quick]', readPartPlan, (plan) =>
  withGround(plan, 'minilm', async (ground) => {
    for (const line of await measureAccuracy(ground)) console.log(JSON.stringify(line));
  }),
);
