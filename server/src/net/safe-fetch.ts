import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { createIsAllowedAddress, type IsAllowedAddress } from './addresses.ts';

export type SafeFetchFailure = 'refused_url' | 'refused_address' | 'too_many_redirects' | 'timeout' | 'unreachable';

/**
 * Why nothing came. `refused_*` and `too_many_redirects` will not change by trying again, the others may.
 * The message names no address: who asked for a URL must not learn what the name resolves to in here.
 */
export class SafeFetchError extends Error {
  override name = 'SafeFetchError';
  readonly reason: SafeFetchFailure;

  constructor(reason: SafeFetchFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export interface SafeRequest {
  /** @default 'GET' */
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** For everything together: names, connections, redirects, body. @default 10_000 */
  timeoutMs?: number;
  /**
   * Of the unpacked body; what is above is left unread, and `truncated` is set. A function decides when status and headers are there;
   * 0 leaves all of it unread. @default 1 MiB
   */
  maxBytes?: number | ((head: Pick<SafeAnswer, 'status' | 'headers'>) => number);
  /** Followed for GET only; with 0 the answer 3xx itself is given. @default 3 */
  maxRedirects?: number;
  signal?: AbortSignal;
}

export interface SafeAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  truncated: boolean;
  /** Where the answer came from, after redirects. */
  url: string;
}

/** Fetches a URL that somebody else chose. Throws SafeFetchError, or the reason of `signal`. */
export type SafeFetch = (url: string, request?: SafeRequest) => Promise<SafeAnswer>;

type LookupDone = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;
type Resolve = (host: string, options: LookupOptions & { all: true }, done: (error: Error | null, found: LookupAddress[]) => void) => void;

export interface SafeFetchDeps {
  /** Addresses and CIDR ranges that may be reached although they are private. */
  allowedNetworks: readonly string[];
  /** @default the resolver of the system */
  resolve?: Resolve;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1024 * 1024;
/** Never sent on to another origin. */
const SECRET_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

export function createSafeFetch({ allowedNetworks, resolve = systemLookup }: SafeFetchDeps): SafeFetch {
  const isAllowed = createIsAllowedAddress(allowedNetworks);
  const lookup = createGuardedLookup(isAllowed, resolve);
  return async (start, request = {}) => {
    const { method = 'GET', timeoutMs = DEFAULT_TIMEOUT_MS } = request;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
    const hops = method === 'POST' ? 0 : (request.maxRedirects ?? 3);
    let url = parseTarget(start, isAllowed);
    let headers = request.headers ?? {};
    try {
      for (let left = hops; ; left -= 1) {
        const response = await open(url, { lookup, signal, method, headers, body: request.body });
        const next = hops > 0 ? redirectOf(response, url) : undefined;
        if (next === undefined) return { ...(await read(response, maxBytesOf(request, response), signal)), url: url.href };
        response.destroy();
        if (left === 0) throw new SafeFetchError('too_many_redirects', `more than ${hops} redirects`);
        const target = parseTarget(next, isAllowed);
        if (target.origin !== url.origin) headers = withoutSecrets(headers);
        url = target;
      }
    } catch (error) {
      request.signal?.throwIfAborted();
      throw translate(error, timeout);
    }
  };
}

/** http and https without credentials in the URL; an address instead of a name is judged at once, as it is never looked up. */
function parseTarget(raw: string, isAllowed: IsAllowedAddress): URL {
  if (!URL.canParse(raw)) throw new SafeFetchError('refused_url', 'not a URL');
  const url = new URL(raw);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new SafeFetchError('refused_url', 'neither http nor https');
  if (url.username !== '' || url.password !== '') throw new SafeFetchError('refused_url', 'a URL with a user name');
  const host = bareHost(url);
  if (isIP(host) !== 0 && !isAllowed(host)) throw refusedAddress();
  return url;
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function refusedAddress(): SafeFetchError {
  return new SafeFetchError('refused_address', 'the address is not a public one');
}

/**
 * The connection goes to what was judged: a name that answers differently the next time (DNS rebinding) has no next time.
 * One private address among several refuses the name.
 */
function createGuardedLookup(isAllowed: IsAllowedAddress, resolve: Resolve) {
  return (host: string, options: LookupOptions, done: LookupDone): void => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '');
      const [first] = found;
      if (first === undefined || !found.every(({ address }) => isAllowed(address))) return done(refusedAddress(), '');
      if (options.all) done(null, found);
      else done(null, first.address, first.family);
    });
  };
}

interface Hop {
  lookup: ReturnType<typeof createGuardedLookup>;
  signal: AbortSignal;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
}

/** A connection of its own, never a kept one: that could be to an address which was allowed for another reason. */
function open(url: URL, { lookup, signal, method, headers, body }: Hop): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    method,
    host: bareHost(url),
    port: url.port,
    path: url.pathname + url.search,
    headers: { 'accept-encoding': 'gzip, deflate, br', ...headers, host: url.host },
    agent: false,
    lookup,
    signal,
  };
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(options, resolve);
  request.on('error', reject);
  request.end(body);
  return promise;
}

function redirectOf(response: IncomingMessage, from: URL): string | undefined {
  const { location } = response.headers;
  if (!REDIRECTS.has(response.statusCode ?? 0) || location === undefined) return undefined;
  if (!URL.canParse(location, from.href)) throw new SafeFetchError('refused_url', 'a redirect to what is no URL');
  return new URL(location, from).href;
}

function withoutSecrets(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.has(name.toLowerCase())));
}

function maxBytesOf({ maxBytes = DEFAULT_MAX_BYTES }: SafeRequest, { statusCode = 0, headers }: IncomingMessage): number {
  return typeof maxBytes === 'number' ? maxBytes : maxBytes({ status: statusCode, headers });
}

/** Counts after unpacking: a small answer may unpack to any size. */
async function read(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Omit<SafeAnswer, 'url'>> {
  const head = { status: response.statusCode ?? 0, headers: response.headers };
  if (maxBytes === 0) {
    response.destroy();
    return { ...head, body: Buffer.alloc(0), truncated: true };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  let truncated = false;
  const body = unpacked(response);
  const stop = () => body.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const room = maxBytes - bytes;
      truncated = chunk.length > room;
      chunks.push(truncated ? chunk.subarray(0, room) : chunk);
      bytes += Math.min(chunk.length, room);
      if (truncated) break;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    response.destroy();
  }
  return { ...head, body: Buffer.concat(chunks), truncated };
}

function unpacked(response: IncomingMessage): Readable {
  // Unpacking nothing would be an error.
  if (response.statusCode === 204 || response.headers['content-length'] === '0') return response;
  const encoding = response.headers['content-encoding']?.trim().toLowerCase();
  const unpack =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'br'
        ? createBrotliDecompress()
        : encoding === 'deflate'
          ? createInflate()
          : undefined;
  if (unpack === undefined) return response;
  response.on('error', (error) => unpack.destroy(error));
  return response.pipe(unpack);
}

function translate(error: unknown, timeout: AbortSignal): Error {
  if (error instanceof SafeFetchError) return error;
  if (timeout.aborted) return new SafeFetchError('timeout', 'no complete answer in time', { cause: error });
  return new SafeFetchError('unreachable', 'no connection, or it broke', { cause: error });
}
