/** The programs that must be there before the first command. Each one missing gives one line that says what to install. */
import { existsSync } from 'node:fs';
import { run } from './run.mjs';

const system = process.platform in { darwin: 1, win32: 1 } ? process.platform : 'linux';

/** What to type, by system. */
const remedies = {
  python: {
    linux: 'sudo apt install python3 python3-venv   (or: sudo dnf install python3)',
    darwin: 'brew install python',
    win32: 'winget install Python.Python.3.12',
  },
  venv: {
    linux: 'sudo apt install python3-venv',
    darwin: 'brew install python',
    win32: 'winget install Python.Python.3.12',
  },
  cmake: {
    linux: 'sudo apt install cmake   (or: sudo dnf install cmake)',
    darwin: 'brew install cmake',
    win32: 'winget install Kitware.CMake',
  },
  compiler: {
    linux: 'sudo apt install g++ make   (or: sudo dnf install gcc-c++ make)',
    darwin: 'xcode-select --install',
    win32:
      'winget install Microsoft.VisualStudio.2022.BuildTools, with the workload "Desktop development with C++"',
  },
};

/** @param {string} found @param {number[]} least */
function atLeast(found, least) {
  const parts = found.split('.').map(Number);
  for (let i = 0; i < least.length; i += 1) {
    if ((parts[i] ?? 0) !== least[i]) return (parts[i] ?? 0) > least[i];
  }
  return true;
}

/** The first version number that a program prints; undefined when it does not run. */
async function versionOf(command, args, pattern = /(\d+(?:\.\d+)+)/) {
  const { code, output } = await run(command, args);
  return code === 0 ? pattern.exec(output)?.[1] : undefined;
}

const MIN_PYTHON = [3, 10];

/** The command that runs a Python new enough; undefined if none does. */
export async function findPython() {
  const chosen = process.env.SENTENCE_TORCH_PYTHON;
  for (const command of chosen ? [chosen] : ['python3', 'python']) {
    const version = await versionOf(command, ['--version'], /Python (\d+\.\d+)/);
    if (version !== undefined && atLeast(version, MIN_PYTHON)) return command;
  }
  return undefined;
}

async function checkPython() {
  const command = await findPython();
  if (command === undefined) return ['Python 3.10 or newer', 'python'];
  const { code } = await run(command, ['-c', 'import venv, ensurepip']);
  return code === 0 ? undefined : ["Python's venv module", 'venv'];
}

async function checkCmake() {
  const version = await versionOf('cmake', ['--version']);
  return version !== undefined && atLeast(version, [3, 18])
    ? undefined
    : ['CMake 3.18 or newer', 'cmake'];
}

/** Visual Studio's compiler is not on the path; its own locator knows. */
async function findMsvc() {
  const base = process.env['ProgramFiles(x86)'] ?? 'C:\\Program Files (x86)';
  const vswhere = `${base}\\Microsoft Visual Studio\\Installer\\vswhere.exe`;
  if (!existsSync(vswhere)) return false;
  const component = 'Microsoft.VisualStudio.Component.VC.Tools.x86.x64';
  const args = ['-products', '*', '-requires', component, '-property', 'installationPath'];
  return (await run(vswhere, args)).stdout.trim() !== '';
}

/** A compiler is new enough if it compiles this. */
const probe =
  '#include <concepts>\\n#include <span>\\n#if __cplusplus < 202002L\\n#error\\n#endif\\n';

async function compiles(compiler) {
  const shell = `printf '${probe}' | "${compiler}" -std=c++20 -fsyntax-only -x c++ -`;
  return (await run('sh', ['-c', shell])).code === 0;
}

async function checkCompiler() {
  const missing = ['A C++20 compiler', 'compiler'];
  if (system === 'win32') return (await findMsvc()) ? undefined : missing;
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  for (const compiler of candidates) if (await compiles(compiler)) return undefined;
  return missing;
}

async function checkMake() {
  if (system === 'win32') return undefined;
  for (const program of ['make', 'ninja']) {
    if ((await versionOf(program, ['--version'])) !== undefined) return undefined;
  }
  return ['make', 'compiler'];
}

const checks = {
  python: [checkPython],
  cmake: [checkCmake],
  compiler: [checkCompiler, checkMake],
};

/** One line for each thing that is missing. @param {string[]} names @returns {Promise<string[]>} */
export async function missingPrerequisites(names) {
  const wanted = [...new Set(names)].flatMap((name) => checks[name]);
  const found = await Promise.all(wanted.map((check) => check()));
  return found
    .filter((row) => row !== undefined)
    .map(([what, remedy]) => `${what} is needed: ${remedies[remedy][system]}`);
}
