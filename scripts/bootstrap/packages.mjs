/** Whether npm has anything to do. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** @param {string} file @returns {Record<string, {version?: string, optional?: boolean}>} */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * Whether node_modules of a folder is what its lock file says; optional packages of other systems may be absent. npm's own
 * list of what it installed is believed only for packages that are still there: an interrupted install, or a hand that
 * deletes some, leaves the list behind.
 * @param {string} folder
 */
export function packagesMatch(folder) {
  const list = path.join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(list)) return false;
  const there = packagesOf(list);
  const { '': _root, ...locked } = packagesOf(path.join(folder, 'package-lock.json'));
  const same = (name) =>
    there[name]?.version === locked[name]?.version &&
    existsSync(path.join(folder, name, 'package.json'));
  return (
    Object.keys(there).every(same) &&
    Object.keys(locked).every((name) => there[name] || locked[name].optional)
  );
}
