import { existsSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { assertSafeName, unzip } from '../../scripts/download/unzip.ts';
import { tempDir } from '../support/temp.ts';
import { writeZip, type ZipEntry } from '../support/zip.ts';

const all = (name: string): string => name;

const traps: Record<string, ZipEntry> = {
  'a name with ..': { name: '../escaped', text: 'x' },
  'a name with .. in the middle': { name: 'a/../../escaped', text: 'x' },
  'an absolute name': { name: '/escaped', text: 'x' },
  'a drive letter': { name: 'C:/escaped', text: 'x' },
  'a backslash': { name: '..\\escaped', text: 'x' },
  'a symbolic link': { name: 'link', text: '/etc', mode: 0o120777 },
};

for (const [what, entry] of Object.entries(traps)) {
  test(`an archive with ${what} is refused`, async (t) => {
    const folder = tempDir(t);
    const archive = writeZip(path.join(folder, 'trap.zip'), [{ name: 'good', text: 'x' }, entry]);
    const target = path.join(folder, 'target');
    await t.throwsAsync(unzip(archive, target, all), { code: 'ST_DOWNLOAD_FAILED' });
    t.false(existsSync(path.join(folder, 'escaped')));
    t.false(existsSync(path.join(target, entry.name)));
  });
}

test('a place that leads out of the target is refused too', async (t) => {
  const folder = tempDir(t);
  const archive = writeZip(path.join(folder, 'a.zip'), [{ name: 'good', text: 'x' }]);
  const attempt = unzip(archive, path.join(folder, 'target'), () => '../out');
  await t.throwsAsync(attempt, { code: 'ST_DOWNLOAD_FAILED', message: /leads out of its folder/ });
});

test('a name with a NUL is unsafe', (t) => {
  t.throws(() => assertSafeName('a.zip', 'a\0b'), { code: 'ST_DOWNLOAD_FAILED' });
});

test('the entries that are placed are unpacked, the others are not', async (t) => {
  const folder = tempDir(t);
  const archive = writeZip(path.join(folder, 'a.zip'), [
    { name: 'dir/', text: '' },
    { name: 'dir/one', text: 'first' },
    { name: 'dir/two', text: 'second' },
  ]);
  const target = path.join(folder, 'target');
  const count = await unzip(archive, target, (name) => (name === 'dir/one' ? 'x/y' : undefined));
  t.is(count, 1);
  t.is(readFileSync(path.join(target, 'x/y'), 'utf8'), 'first');
  t.false(existsSync(path.join(target, 'dir')));
});

test('an archive with a wrong checksum of an entry is refused', async (t) => {
  const folder = tempDir(t);
  const archive = writeZip(path.join(folder, 'a.zip'), [{ name: 'one', text: 'first', crc: 1 }]);
  const attempt = unzip(archive, path.join(folder, 'target'), all);
  await t.throwsAsync(attempt, { code: 'ST_DOWNLOAD_FAILED', message: /cannot be unpacked/ });
});

test('an archive that was cut is refused', async (t) => {
  const folder = tempDir(t);
  const archive = writeZip(path.join(folder, 'a.zip'), [{ name: 'one', text: 'first' }]);
  truncateSync(archive, 60);
  const attempt = unzip(archive, path.join(folder, 'target'), all);
  await t.throwsAsync(attempt, { code: 'ST_DOWNLOAD_FAILED', message: /cannot be unpacked/ });
});
