import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';

/** Limits of one request. Tests make them small. */
export interface Limits {
  connectMs: number;
  /** Until the headers of the answer are there. */
  headersMs: number;
  /** At least `minBytes` must come in each `windowMs`: ends servers that hang and servers that trickle. */
  windowMs: number;
  minBytes: number;
  /** How often a transfer that makes no progress is tried. */
  attempts: number;
  /** Wait before the second try; doubles from there. */
  backoffMs: number;
}

export const defaultLimits: Limits = {
  connectMs: 20_000,
  headersMs: 60_000,
  windowMs: 60_000,
  minBytes: 16_384,
  attempts: 5,
  backoffMs: 1000,
};

/** An answer that makes no sense to ask for again: another try would end the same way. */
export class FinalError extends Error {}
/** The server has another file than the one that is expected. */
export class WrongFileError extends FinalError {}
/** An answer or a broken connection that another try may better. */
export class TransientError extends Error {}

const MAX_REDIRECTS = 10;
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** https anywhere, http on this machine only. */
export function assertSafeUrl(url: URL): void {
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && loopback.has(url.hostname)) return;
  throw new FinalError(`${url.href} is refused: only https is followed`);
}

/** An agent that honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Close it when done. */
export function makeAgent(limits: Limits): Dispatcher {
  return new EnvHttpProxyAgent({
    connect: { timeout: limits.connectMs },
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.windowMs,
  });
}

function transientStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** A name that does not exist: asking again only keeps someone without a network waiting. */
function unknownHost(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') {
    throw new FinalError(error.message, { cause: error });
  }
  throw error;
}

/** GETs `url`, following redirects to safe addresses. The answer's status is 200, 206 or 416. */
export async function get(
  url: URL,
  headers: Record<string, string>,
  dispatcher: Dispatcher,
): Promise<Dispatcher.ResponseData> {
  let current = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    assertSafeUrl(current);
    const response = await request(current, {
      headers: { 'user-agent': 'sentence-torch', 'accept-encoding': 'identity', ...headers },
      dispatcher,
    }).catch(unknownHost);
    const { statusCode } = response;
    if (statusCode === 200 || statusCode === 206 || statusCode === 416) return response;
    await response.body.dump();
    const { location } = response.headers;
    if (statusCode >= 300 && statusCode < 400 && typeof location === 'string') {
      current = new URL(location, current);
      continue;
    }
    const message = `${current.href} answered ${statusCode}`;
    throw transientStatus(statusCode) ? new TransientError(message) : new FinalError(message);
  }
  throw new FinalError(`${url.href} redirects more than ${MAX_REDIRECTS} times`);
}
