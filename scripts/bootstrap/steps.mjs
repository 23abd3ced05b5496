/** What tasks need, one row each: when it is up to date, and how it is made. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { packagesMatch } from './packages.mjs';
import { findPython } from './prerequisites.mjs';
import { must, npm, run, StepError, tsx } from './run.mjs';
import { fingerprint, readRecord, root } from './state.mjs';

/** The Python of the checkout's own environment. */
export const venvPython = path.join(
  root,
  '.venv',
  process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
);
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

const inRoot = (...parts) => path.join(root, ...parts);
const readJson = (file) => JSON.parse(readFileSync(inRoot(file), 'utf8'));
const torchVersion = () => readJson('package.json').libtorch.version;
const chosen = (...names) => names.map((name) => process.env[name] ?? '');
/** All that decides where the cache is: what lies in the cache of before is not found in that of now. */
const cache = () => [
  homedir(),
  ...chosen('SENTENCE_TORCH_CACHE', 'XDG_CACHE_HOME', 'LOCALAPPDATA'),
];

async function installRequirements() {
  // On Linux the plain wheel is the CUDA build, of gigabytes: the CPU build has to be asked for by its full name.
  const build = process.platform === 'linux' ? '+cpu' : '';
  const wanted = ['-r', 'scripts/python/requirements.txt', `torch==${torchVersion()}${build}`];
  const base = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const own = await run(venvPython, [...base, ...wanted]);
  if (own.code === 0) return;
  const args = [...base, '--extra-index-url', CPU_INDEX, ...wanted];
  await must('Installing the Python packages', venvPython, args);
}

/** Runs a script that reports on standard error and prints one path. */
async function printedPath(what, command, args) {
  const { code, stdout } = await run(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (code !== 0) throw new StepError(`${what} failed (see above).`);
  return stdout.trim();
}

/**
 * In the order in which they are made. `from` changes when the step has to be done again, `there` says whether its
 * result still exists, `prerequisites` are checked before anything is made. `upToDate` stands for both.
 */
export const steps = {
  packages: {
    line: 'installing the npm packages',
    prerequisites: [],
    upToDate: () => packagesMatch(root),
    async make() {
      await must('npm ci', ...npm('ci', '--no-audit', '--no-fund', '--loglevel=error'));
    },
  },
  typescript: {
    line: 'compiling TypeScript',
    prerequisites: [],
    from: () => fingerprint(['lib', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']),
    there: () => existsSync(inRoot('dist/index.js')),
    async make() {
      await must('npm run build:ts', ...npm('run', 'build:ts'));
    },
  },
  venv: {
    line: 'making the Python environment .venv',
    prerequisites: ['python'],
    from: () => fingerprint([], chosen('SENTENCE_TORCH_PYTHON')),
    there: () => existsSync(venvPython),
    async make() {
      await must('python -m venv', await findPython(), ['-m', 'venv', '--clear', '.venv']);
      return { made: Date.now() }; // a new environment has to be filled anew
    },
  },
  libtorch: {
    line: 'getting libtorch',
    prerequisites: [],
    from: () =>
      fingerprint([], [torchVersion(), chosen('LIBTORCH', 'SENTENCE_TORCH_VARIANT'), cache()]),
    there: (directory) => existsSync(path.join(directory, 'lib')),
    make: () => printedPath('Getting libtorch', ...tsx('scripts/libtorch/fetch.ts')),
  },
  native: {
    line: 'compiling the native part (a minute or two the first time)',
    prerequisites: ['cmake', 'compiler'],
    from: () =>
      fingerprint(
        ['native', 'CMakeLists.txt', 'package-lock.json'],
        [process.arch, readRecord('libtorch'), chosen('CXX', 'SENTENCE_TORCH_WERROR')],
      ),
    there: () =>
      ['preload', 'sentence_torch'].every((name) =>
        existsSync(inRoot(`build/Release/${name}.node`)),
      ),
    async make() {
      await must('Compiling the native part', ...tsx('scripts/build-native.ts'));
    },
  },
  requirements: {
    line: 'installing the Python packages into .venv',
    prerequisites: ['python'],
    from: () =>
      fingerprint(['scripts/python/requirements.txt'], [torchVersion(), readRecord('venv')]),
    there: () => existsSync(venvPython),
    make: installRequirements,
  },
  model: {
    line: 'getting the model all-MiniLM-L6-v2',
    prerequisites: [],
    from: () =>
      fingerprint(
        [
          'models',
          'scripts/models',
          'scripts/python/sentence_torch_export',
          'scripts/python/requirements.txt',
        ],
        cache(),
      ),
    there: (folder) => existsSync(path.join(folder, 'sentence-torch.json')),
    make: () =>
      printedPath('Getting the model', ...tsx('scripts/models/fetch.ts', 'all-MiniLM-L6-v2')),
  },
};
