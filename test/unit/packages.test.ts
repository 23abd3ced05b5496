import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { packagesMatch } from '../../scripts/bootstrap/packages.mjs';
import { tempDir } from '../support/temp.ts';

type Packages = Record<string, { version: string; optional?: boolean }>;

/** A folder whose lock file wants `locked`, in which npm installed `there`. */
function installed(folder: string, locked: Packages, there: Packages): string {
  const write = (file: string, packages: object): void =>
    writeFileSync(path.join(folder, file), JSON.stringify({ packages }));
  write('package-lock.json', { '': {}, ...locked });
  for (const name of Object.keys(there)) {
    mkdirSync(path.join(folder, name), { recursive: true });
    writeFileSync(path.join(folder, name, 'package.json'), '{}');
  }
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  write('node_modules/.package-lock.json', there);
  return folder;
}

const [a, b] = ['node_modules/a', 'node_modules/@scope/b'];
const both = { [a]: { version: '1.0.0' }, [b]: { version: '2.0.0' } };

test('packages match when all of the lock file are there', (t) => {
  t.true(packagesMatch(installed(tempDir(t), both, both)));
});

test('a package whose folder was deleted is missed, whatever npm remembers', (t) => {
  const folder = installed(tempDir(t), both, both);
  rmSync(path.join(folder, b), { recursive: true });
  t.false(packagesMatch(folder));
});

test('a package of another version, or one too many, does not match', (t) => {
  t.false(packagesMatch(installed(tempDir(t), both, { ...both, [a]: { version: '0.9.0' } })));
  t.false(packagesMatch(installed(tempDir(t), { [a]: { version: '1.0.0' } }, both)));
});

test('only optional packages may be absent, and nothing matches before npm ran', (t) => {
  const optional = { [a]: { version: '1.0.0' }, [b]: { version: '2.0.0', optional: true } };
  t.true(packagesMatch(installed(tempDir(t), optional, { [a]: { version: '1.0.0' } })));
  t.false(packagesMatch(installed(tempDir(t), both, { [a]: { version: '1.0.0' } })));
  t.false(packagesMatch(tempDir(t)));
});
