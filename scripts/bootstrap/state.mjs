/** What was made before, and from what: so that a second run does nothing. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const stateDir = path.join(root, '.cache', 'bootstrap');
const lockFile = path.join(stateDir, 'lock');
const ignored = new Set(['__pycache__', 'node_modules', '.pytest_cache', '.ruff_cache']);

/** The files under `place`, sorted: the same on every system. @param {string} place @returns {string[]} */
function filesUnder(place) {
  if (!existsSync(place)) return [];
  if (statSync(place).isFile()) return [place];
  return readdirSync(place)
    .filter((name) => !ignored.has(name))
    .sort()
    .flatMap((name) => filesUnder(path.join(place, name)));
}

/** One hash of the contents of files and folders of the checkout. @param {string[]} places @param {unknown} more */
export function fingerprint(places, more = '') {
  const hash = createHash('sha256').update(JSON.stringify(more));
  for (const file of places.flatMap((place) => filesUnder(path.join(root, place)))) {
    hash.update(`\0${path.relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** @param {string} step @returns {{fingerprint: string, result: any} | undefined} */
export function readRecord(step) {
  try {
    return JSON.parse(readFileSync(path.join(stateDir, `${step}.json`), 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} step @param {{fingerprint: string, result: unknown}} record */
export function writeRecord(step, record) {
  mkdirSync(stateDir, { recursive: true });
  const file = path.join(stateDir, `${step}.json`);
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(record));
  renameSync(`${file}.${process.pid}`, file);
}

/** @param {string} step */
export function forgetRecord(step) {
  rmSync(path.join(stateDir, `${step}.json`), { force: true });
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Whether the lock's owner is gone. A lock without a number is one that is being written. */
function isAbandoned() {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    if (pid > 0) return !isAlive(pid);
    return Date.now() - statSync(lockFile).mtimeMs > 10_000;
  } catch {
    return false;
  }
}

/** Removes an abandoned lock; of several who want to, one does. */
function takeAway() {
  const aside = `${lockFile}.${process.pid}`;
  try {
    renameSync(lockFile, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/** Runs `work` while no other bootstrap of this checkout does. @template T @param {() => Promise<T>} work */
export async function alone(work) {
  mkdirSync(stateDir, { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) takeAway();
    else {
      if (!told) console.error('• waiting for another command that prepares this checkout');
      told = true;
      await delay(250);
    }
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}
