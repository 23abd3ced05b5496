/**
 * Finds libtorch or fetches it into the cache, and prints its folder.
 *
 *   npx tsx scripts/libtorch/fetch.ts [--variant cpu|cu130]
 */
import { parseArgs } from 'node:util';
import { isCoded } from '../download/download.ts';
import { type FinderOptions, findOrFetchLibtorch } from './finder.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { variant: { type: 'string' } } });
  const options: FinderOptions = { report: (line) => console.error(`libtorch: ${line}`) };
  if (values.variant !== undefined) options.variant = values.variant;
  const found = await findOrFetchLibtorch(options);
  console.log(found.directory);
}

main().catch((error: unknown) => {
  console.error(isCoded(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
