/**
 * Fetches a model of `models/`, exports it, and prints the folder of the exported model.
 *
 *   npx tsx scripts/models/fetch.ts all-MiniLM-L6-v2
 */
import { parseArgs } from 'node:util';
import { isCoded } from '../download/download.ts';
import { fetchModel } from './model.ts';

async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) {
    console.error('usage: npx tsx scripts/models/fetch.ts <name of a manifest in models/>');
    process.exitCode = 2;
    return;
  }
  const { model } = await fetchModel(name, { report: (line) => console.error(`${name}: ${line}`) });
  console.log(model);
}

main().catch((error: unknown) => {
  console.error(isCoded(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
