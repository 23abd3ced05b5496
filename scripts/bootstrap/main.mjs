/** Makes what a task needs and runs it. */
import path from 'node:path';
import { missingPrerequisites } from './prerequisites.mjs';
import { run, StepError, tsx } from './run.mjs';
import { alone, forgetRecord, readRecord, root, writeRecord } from './state.mjs';
import { steps, venvPython } from './steps.mjs';

const addon = ['packages', 'venv', 'libtorch', 'native'];
const exporter = ['packages', 'venv', 'requirements'];
const result = (step) => readRecord(step)?.result;

/** The folder from which the user typed the command: npm changes it to the checkout's. */
const typedIn = () => process.env.INIT_CWD ?? process.cwd();

/** task -> what it needs -> its command. */
const tasks = {
  build: { needs: [...addon, 'typescript'] },
  test: {
    needs: [...addon, 'typescript', 'requirements', 'model'],
    command: (args) => [process.execPath, ['node_modules/ava/entrypoints/cli.mjs', ...args]],
    env: () => ({ SENTENCE_TORCH_MODEL: result('model') }),
  },
  demo: {
    needs: [...addon, 'requirements', 'model'],
    command: (args) => tsx('examples/demo.ts', '--model', result('model'), ...args),
  },
  export: {
    needs: exporter,
    command: (args) => [venvPython, ['-m', 'sentence_torch_export', ...args]],
    cwd: typedIn,
    env: () => ({ PYTHONPATH: path.join(root, 'scripts', 'python') }),
  },
  parity: {
    needs: [...addon, 'requirements', 'model'],
    command: (args) => tsx('scripts/parity.ts', ...args),
  },
  bench: {
    needs: [...addon, 'typescript', 'requirements', 'model'],
    command: (args) => tsx('bench/encode.ts', ...args),
  },
  'bench-passes': {
    needs: [...addon, 'typescript', 'requirements', 'model'],
    command: (args) => tsx('bench/passes.ts', ...args),
  },
  'bench-accuracy': {
    needs: [...addon, 'typescript', 'requirements', 'model'],
    command: (args) => tsx('bench/accuracy.ts', ...args),
  },
  'bench-profile': {
    needs: [...addon, 'typescript', 'requirements', 'model'],
    command: (args) => tsx('bench/profile.ts', ...args),
  },
  'bench-load': {
    needs: [...addon, 'requirements', 'model'],
    command: (args) => tsx('bench/load.ts', ...args),
  },
  'test-sanitize': {
    needs: [...addon, 'typescript', 'requirements', 'model'],
    command: (args) => tsx('scripts/checks/sanitize.ts', ...args),
    env: () => ({ SENTENCE_TORCH_MODEL: result('model') }),
  },
  'test-soak': {
    needs: [...addon, 'typescript', 'requirements', 'model'],
    command: (args) => tsx('scripts/soak/all.ts', ...args),
  },
};

/** @param {string} name */
function isUpToDate(name) {
  const step = steps[name];
  if (step.upToDate) return step.upToDate();
  const record = readRecord(name);
  return record !== undefined && record.fingerprint === step.from() && step.there(record.result);
}

/** @param {string} name */
async function make(name) {
  const step = steps[name];
  console.error(`• ${step.line}`);
  forgetRecord(name);
  const outcome = await step.make();
  if (!step.upToDate) writeRecord(name, { fingerprint: step.from(), result: outcome });
}

/** Makes what is not up to date, in the order of the table. What is missing for that is said before anything is made. */
async function prepare(needs) {
  const stale = needs.filter((name) => !isUpToDate(name));
  if (stale.length === 0) return;
  const missing = await missingPrerequisites(stale.flatMap((name) => steps[name].prerequisites));
  if (missing.length > 0) throw new StepError(missing.join('\n'));
  await alone(async () => {
    for (const name of Object.keys(steps)) {
      if (needs.includes(name) && !isUpToDate(name)) await make(name);
    }
  });
}

/** Ends as the task ended. */
function endAs({ code, signal, output }) {
  if (output) console.error(output);
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}

/** @param {string[]} argv */
export async function main([name, ...args]) {
  const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
  if (task === undefined) {
    console.error(
      `usage: node scripts/bootstrap.mjs <${Object.keys(tasks).join('|')}> [arguments]`,
    );
    process.exitCode = 2;
    return;
  }
  try {
    await prepare(task.needs);
  } catch (error) {
    console.error(error instanceof StepError ? error.message : error);
    process.exitCode = 1;
    return;
  }
  if (task.command === undefined) return;
  const [command, commandArgs] = task.command(args);
  endAs(
    await run(command, commandArgs, { stdio: 'inherit', cwd: task.cwd?.(), env: task.env?.() }),
  );
}
