/** Runs a command of this folder. Arguments that `read` refuses are answered with its reason, the usage and exit code 2. */
export async function runCommand<Plan>(
  usage: string,
  read: (args: readonly string[]) => Plan,
  main: (plan: Plan) => Promise<void>,
): Promise<void> {
  let plan: Plan;
  try {
    plan = read(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  await main(plan);
}

/** The whole number that was given to an option, if it was. */
export function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`--${name} is ${JSON.stringify(text)}. Give a whole number of at least 1.`);
  }
  return value;
}

function unknown(option: string, name: string, all: readonly string[]): Error {
  const known = all.map((one) => `"${one}"`).join(', ');
  return new Error(`--${option}: there is no ${JSON.stringify(name)}, but ${known}.`);
}

/** The members of `all` that a comma-separated list names; all of them if it is absent. */
export function chosen<T extends string>(
  option: string,
  all: readonly T[],
  text: string | undefined,
): T[] {
  if (text === undefined) return [...all];
  const wanted = text.split(',').map((name) => name.trim());
  const wrong = wanted.find((name) => !all.some((known) => known === name));
  if (wrong !== undefined) throw unknown(option, wrong, all);
  return all.filter((known) => wanted.includes(known));
}

/** The same where names are long, and their beginnings enough. A comma before a space belongs to a name. */
export function chosenByBeginning(
  option: string,
  all: readonly string[],
  text: string | undefined,
): string[] {
  if (text === undefined) return [...all];
  const wanted = text.split(/,(?! )/).map((name) => name.trim());
  const wrong = wanted.find((name) => name === '' || !all.some((known) => known.startsWith(name)));
  if (wrong !== undefined) throw unknown(option, wrong, all);
  return all.filter((known) => wanted.some((name) => known.startsWith(name)));
}
