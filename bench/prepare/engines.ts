import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { builtEngines } from '../contender/engine-process.ts';

const sources = fileURLToPath(new URL('../contender/engine', import.meta.url));

/** Compiles what engines' processes run, so that none of them compiles while its start is measured. */
export async function buildEngines(): Promise<void> {
  await mkdir(builtEngines, { recursive: true });
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  };
  for (const name of await readdir(sources)) {
    const source = await readFile(path.join(sources, name), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: name });
    await writeFile(path.join(builtEngines, name.replace(/\.ts$/, '.js')), outputText);
  }
}
