import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type DownloadOptions, downloadFile } from '../../scripts/download/download.ts';
import { silentProgress } from '../../scripts/download/progress.ts';
import { sendFile, serve, type TestServer } from '../support/server.ts';
import { tempDir } from '../support/temp.ts';

const body = Buffer.alloc(1_000_000).map((_, index) => (index * 7919) % 251) as Buffer;
const expected = { sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length };
const half = body.length / 2;
const etag = '"one"';

const options: DownloadOptions = {
  progress: silentProgress,
  limits: { attempts: 2, backoffMs: 1 },
  lock: { pollMs: 5 },
};

/** For servers that hang. */
const impatient: DownloadOptions = {
  ...options,
  limits: { ...options.limits, headersMs: 300, windowMs: 300 },
};

interface Setting {
  server: TestServer;
  url: string;
  file: string;
  folder: string;
}

async function setUp(t: ExecutionContext, listener: RequestListener): Promise<Setting> {
  const server = await serve(listener);
  t.teardown(() => server.close());
  const folder = tempDir(t);
  return { server, url: `${server.url}/big.zip`, file: path.join(folder, 'big.zip'), folder };
}

const fetchIt = ({ url, file }: Setting, how = options): Promise<void> =>
  downloadFile(url, file, expected, how);

test('a file is downloaded whole, and nothing else is left in its folder', async (t) => {
  const setting = await setUp(t, (request, response) => sendFile(request, response, body));
  await fetchIt(setting);
  t.deepEqual(readFileSync(setting.file), body);
  t.deepEqual(readdirSync(setting.folder), ['big.zip']);
});

test('a file that is there already is not asked for again', async (t) => {
  const setting = await setUp(t, (request, response) => sendFile(request, response, body));
  writeFileSync(setting.file, body);
  await fetchIt(setting);
  t.is(setting.server.requests.length, 0);
});

test('a 404 fails at once with a coded error', async (t) => {
  const setting = await setUp(t, (_, response) => response.writeHead(404).end('no'));
  await t.throwsAsync(fetchIt(setting), { code: 'ST_DOWNLOAD_FAILED', message: /answered 404/ });
  t.is(setting.server.requests.length, 1);
  t.false(existsSync(setting.file));
});

test('a 503 is tried again', async (t) => {
  const setting = await setUp(t, (request, response) => {
    if (setting.server.requests.length === 1) response.writeHead(503).end();
    else sendFile(request, response, body);
  });
  await fetchIt(setting);
  t.true(existsSync(setting.file));
});

test('a redirect on this machine is followed', async (t) => {
  const setting = await setUp(t, (request, response) => {
    if (request.url === '/big.zip') response.writeHead(302, { location: '/there' }).end();
    else sendFile(request, response, body);
  });
  await fetchIt(setting);
  t.deepEqual(
    setting.server.requests.map((request) => request.url),
    ['/big.zip', '/there'],
  );
});

test('a redirect to http on another machine is refused', async (t) => {
  const setting = await setUp(t, (_, response) => {
    response.writeHead(302, { location: 'http://other.invalid/big.zip' }).end();
  });
  await t.throwsAsync(fetchIt(setting), { code: 'ST_DOWNLOAD_FAILED', message: /only https/ });
  t.is(setting.server.requests.length, 1);
});

test('an endless chain of redirects ends with a coded error', async (t) => {
  const setting = await setUp(t, (_, response) => {
    response.writeHead(302, { location: '/big.zip' }).end();
  });
  await t.throwsAsync(fetchIt(setting), { code: 'ST_DOWNLOAD_FAILED', message: /redirects more/ });
});

test('plain http from another machine is refused before anything is asked', async (t) => {
  const file = path.join(tempDir(t), 'file');
  const attempt = downloadFile('http://other.invalid/file', file, expected, options);
  await t.throwsAsync(attempt, { code: 'ST_DOWNLOAD_FAILED', message: /only https/ });
});

test('a cut transfer goes on where it stopped', async (t) => {
  const setting = await setUp(t, (request, response) => {
    const cut = setting.server.requests.length === 1 ? { cutAfter: half } : {};
    sendFile(request, response, body, { etag, ranges: true, ...cut });
  });
  await fetchIt(setting);
  t.deepEqual(readFileSync(setting.file), body);
  t.regex(setting.server.requests[1]?.headers.range ?? '', /^bytes=[1-9]\d*-$/);
});

test('a cut transfer starts afresh where the server cannot send a part', async (t) => {
  const setting = await setUp(t, (request, response) => {
    const cut = setting.server.requests.length === 1 ? { cutAfter: half } : {};
    sendFile(request, response, body, { etag, ranges: false, ...cut });
  });
  await fetchIt(setting);
  t.deepEqual(readFileSync(setting.file), body);
});

test('a cut transfer starts afresh where the file on the server has changed', async (t) => {
  const old = Buffer.alloc(body.length, 1);
  const setting = await setUp(t, (request, response) => {
    if (setting.server.requests.length > 1)
      sendFile(request, response, body, { etag: '"two"', ranges: true });
    else sendFile(request, response, old, { etag, ranges: true, cutAfter: half });
  });
  await fetchIt(setting);
  t.deepEqual(readFileSync(setting.file), body);
});

test('a part that was spoilt on disk is thrown away, and the file still comes', async (t) => {
  const setting = await setUp(t, (request, response) => {
    sendFile(request, response, body, { etag, ranges: true });
  });
  writeFileSync(`${setting.file}.partial`, Buffer.alloc(half, 1));
  writeFileSync(
    `${setting.file}.partial.json`,
    JSON.stringify({ url: setting.url, validator: etag }),
  );
  await fetchIt(setting);
  t.deepEqual(readFileSync(setting.file), body);
});

test('transfers that are cut at the same byte again and again end with a coded error', async (t) => {
  const setting = await setUp(t, (request, response) =>
    sendFile(request, response, body, { cutAfter: 1000 }),
  );
  await t.throwsAsync(fetchIt(setting), { code: 'ST_DOWNLOAD_FAILED' });
  t.false(existsSync(setting.file));
});

test('a file with the wrong hash is deleted', async (t) => {
  const other = Buffer.from(body);
  other[5] = 255;
  const setting = await setUp(t, (request, response) => sendFile(request, response, other));
  await t.throwsAsync(fetchIt(setting), { code: 'ST_CHECKSUM_MISMATCH', message: /its sha256 is/ });
  t.deepEqual(readdirSync(setting.folder), []);
});

test('a file of another size is refused before its bytes are read', async (t) => {
  const setting = await setUp(t, (request, response) =>
    sendFile(request, response, body.subarray(1)),
  );
  await t.throwsAsync(fetchIt(setting), {
    code: 'ST_CHECKSUM_MISMATCH',
    message: /999999 bytes, not 1000000/,
  });
});

test('a server that sends more than the file is cut off', async (t) => {
  const setting = await setUp(t, (_, response) => {
    response.writeHead(200);
    response.end(Buffer.concat([body, body]));
  });
  await t.throwsAsync(fetchIt(setting), {
    code: 'ST_CHECKSUM_MISMATCH',
    message: /too many bytes/,
  });
});

test('a server that never answers is given up', async (t) => {
  const setting = await setUp(t, () => {});
  await t.throwsAsync(fetchIt(setting, impatient), { code: 'ST_DOWNLOAD_FAILED' });
});

test('a server that stops in the middle is given up', async (t) => {
  const setting = await setUp(t, (request, response) =>
    sendFile(request, response, body, { stallAfter: 500 }),
  );
  await t.throwsAsync(fetchIt(setting, impatient), { code: 'ST_DOWNLOAD_FAILED' });
});

test('a server that trickles is given up', async (t) => {
  const setting = await setUp(t, (_, response) => {
    response.writeHead(200, { 'content-length': body.length });
    const timer = setInterval(() => response.write('x'), 50);
    response.on('close', () => clearInterval(timer));
  });
  await t.throwsAsync(fetchIt(setting, impatient), { code: 'ST_DOWNLOAD_FAILED' });
});

test('two that want the same file at once make one transfer', async (t) => {
  const setting = await setUp(t, (request, response) => sendFile(request, response, body));
  await Promise.all([fetchIt(setting), fetchIt(setting), fetchIt(setting)]);
  t.is(setting.server.requests.length, 1);
  t.deepEqual(readFileSync(setting.file), body);
});

/** Runs a process that downloads, and kills it when a part of the file is there. */
async function killInTheMiddle({ url, file }: Setting): Promise<void> {
  const script = fileURLToPath(new URL('../support/download-child.ts', import.meta.url));
  const args = ['--import', 'tsx', script, url, file, expected.sha256, String(expected.bytes)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (Number(line) >= half) child.kill('SIGKILL');
  }
}

test('a process killed in the middle leaves nothing that looks complete, and the next one goes on', async (t) => {
  const setting = await setUp(t, (request, response) => {
    const stall = setting.server.requests.length === 1 ? { stallAfter: half } : {};
    sendFile(request, response, body, { etag, ranges: true, ...stall });
  });
  await killInTheMiddle(setting);
  t.false(existsSync(setting.file));
  t.true(existsSync(`${setting.file}.partial`));
  t.true(existsSync(`${setting.file}.lock`), 'its lock is there still');
  utimesSync(`${setting.file}.lock`, 0, 0); // as if its owner had been gone for long
  await fetchIt(setting);
  t.is(setting.server.requests[1]?.headers.range, `bytes=${half}-`);
  t.deepEqual(readFileSync(setting.file), body);
  t.deepEqual(readdirSync(setting.folder), ['big.zip']);
});
