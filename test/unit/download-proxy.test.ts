import { createHash } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type DownloadOptions, downloadFile } from '../../scripts/download/download.ts';
import { silentProgress } from '../../scripts/download/progress.ts';
import { sendFile, serve } from '../support/server.ts';
import { tempDir } from '../support/temp.ts';

const body = Buffer.from('through the proxy');
const expected = { sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length };
const options: DownloadOptions = {
  progress: silentProgress,
  limits: { attempts: 1, backoffMs: 1, headersMs: 2000 },
};

/** A proxy that lets everything through, or nothing; returns its address and how often it was asked. */
async function startProxy(t: ExecutionContext, allow: boolean) {
  const state = { asked: 0, url: '' };
  const proxy = createServer((incoming, outgoing) => {
    state.asked += 1;
    if (!allow) {
      outgoing.writeHead(403).end();
      return;
    }
    httpRequest(incoming.url ?? '', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }).end();
  });
  proxy.on('connect', (incoming, socket) => {
    state.asked += 1;
    if (!allow) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = (incoming.url ?? '').split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [target, socket]) end.on('error', () => target.destroy());
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  state.url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return state;
}

function setProxy(t: ExecutionContext, url: string, except = ''): void {
  Object.assign(process.env, {
    http_proxy: url,
    HTTP_PROXY: url,
    no_proxy: except,
    NO_PROXY: except,
  });
  t.teardown(() => {
    for (const name of ['http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'])
      delete process.env[name];
  });
}

async function fetchFile(t: ExecutionContext): Promise<void> {
  const server = await serve((request, response) => sendFile(request, response, body));
  t.teardown(() => server.close());
  await downloadFile(`${server.url}/file`, path.join(tempDir(t), 'file'), expected, options);
}

test.serial('a download goes through the proxy of the environment', async (t) => {
  const proxy = await startProxy(t, true);
  setProxy(t, proxy.url);
  await fetchFile(t);
  t.is(proxy.asked, 1);
});

test.serial('a download does not ask the proxy for hosts of NO_PROXY', async (t) => {
  const proxy = await startProxy(t, true);
  setProxy(t, proxy.url, '127.0.0.1');
  await fetchFile(t);
  t.is(proxy.asked, 0);
});

test.serial('a proxy that refuses gives a coded error', async (t) => {
  const proxy = await startProxy(t, false);
  setProxy(t, proxy.url);
  await t.throwsAsync(fetchFile(t), { code: 'ST_DOWNLOAD_FAILED' });
});
