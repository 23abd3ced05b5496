import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on this machine that ends with the test. */
export interface TestServer {
  url: string;
  /** The requests so far, in order. */
  requests: IncomingMessage[];
  close(): Promise<void>;
}

export async function serve(listener: RequestListener): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface FileBehaviour {
  etag?: string;
  /** Whether the server can send a part of the file. */
  ranges?: boolean;
  /** The connection is cut after so many bytes of this answer. */
  cutAfter?: number;
  /** Nothing more comes after so many bytes of this answer, but the connection stays. */
  stallAfter?: number;
}

function firstByte(request: IncomingMessage, behaviour: FileBehaviour): number {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const fits = request.headers['if-range'] === behaviour.etag;
  return behaviour.ranges && range !== undefined && fits ? Number(range) : 0;
}

/** Sends `body` as a file server does, with faults. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  behaviour: FileBehaviour = {},
): void {
  const start = firstByte(request, behaviour);
  const part = body.subarray(start);
  const headers: Record<string, string | number> = { 'content-length': part.length };
  if (behaviour.etag) headers.etag = behaviour.etag;
  if (start > 0) headers['content-range'] = `bytes ${start}-${body.length - 1}/${body.length}`;
  response.writeHead(start > 0 ? 206 : 200, headers);
  const { cutAfter, stallAfter } = behaviour;
  if (cutAfter !== undefined) {
    response.write(part.subarray(0, cutAfter), () => response.destroy());
  } else if (stallAfter !== undefined) {
    response.write(part.subarray(0, stallAfter));
  } else {
    response.end(part);
  }
}
