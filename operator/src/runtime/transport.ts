import type { Dispatcher } from 'undici';
import type { TransportStats } from './client-types.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import type { Connection } from './connection.ts';
import { orAborted, withDeadline } from './deadline.ts';
import { type ApiError, apiErrorOf, ConnectionError, FencedError, isUnauthorized, parseRetryAfter } from './errors.ts';
import { createPools } from './pools.ts';
import { decideRetry, defaultRetryPolicy, type Outcome, type RetryPolicy } from './retry.ts';

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: string;
  contentType?: string;
  /** Whether a second run has the effect of one. @default true for GET */
  idempotent?: boolean;
  deadlineMs?: number;
  signal?: AbortSignal;
  retry?: boolean;
  fence?: Fence;
}

/** Stands before every attempt of a write. */
export interface Fence {
  /** What it throws ends the call, as a FencedError. */
  check(): void;
  /** Ends calls that wait for a connection, or for their answer. */
  signal?: AbortSignal;
}

export interface StreamRequest extends Pick<TransportRequest, 'path' | 'query' | 'signal'> {
  /** Silence that ends the stream with a ConnectionError. */
  silenceMs: number;
}

export interface Transport {
  /** The body of a 2xx answer. */
  request(request: TransportRequest): Promise<string>;
  /** The chunks of a 2xx answer. */
  stream(request: StreamRequest): Promise<AsyncIterable<Buffer>>;
  stats(): TransportStats;
  close(): Promise<void>;
}

export interface TransportOptions {
  observe?(answer: { method: string; code: string; host: string; seconds: number }): void;
  userAgent?: string;
  /** For calls that name none. @default 10_000 */
  deadlineMs?: number;
  policy?: RetryPolicy;
  random?: () => number;
  clock?: Clock;
}

type Dispatch = Partial<Dispatcher.RequestOptions> & { signal: AbortSignal };

const defaultDeadlineMs = 10_000;
const headersTimeoutMs = 30_000;
const credentialsTimeoutMs = 30_000;
/** Failures of connecting: the server has not seen the request. */
const unsentCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

function connectionErrorOf(cause: unknown): ConnectionError {
  const { code, message } = cause as { code?: string; message?: string };
  return new ConnectionError(`no answer from the API server: ${message || code || String(cause)}`, {
    sent: !unsentCodes.has(code ?? ''),
    cause,
  });
}

function queryOf(query: TransportRequest['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text ? `?${text}` : '';
}

const outcomeOf = (error: unknown): Outcome | undefined => {
  if (error instanceof ConnectionError) return { kind: 'connection', sent: error.sent };
  const { status, retryAfterMs } = error as Partial<ApiError>;
  return typeof status === 'number' ? { kind: 'status', status, retryAfterMs } : undefined;
};

function checkFence(fence: Fence | undefined): void {
  try {
    fence?.check();
  } catch (error) {
    throw error instanceof FencedError ? error : new FencedError((error as Error).message, { cause: error });
  }
}

/** Ours already, or the fence's. */
const isFinal = (error: unknown) => outcomeOf(error) !== undefined || error instanceof FencedError;

export function createTransport(connection: Connection, options: TransportOptions = {}): Transport {
  const { random = Math.random, clock = systemClock, policy = defaultRetryPolicy, userAgent = 'chatcluster-runtime' } = options;
  const server = new URL(connection.server);
  const prefix = server.pathname === '/' ? '' : server.pathname;
  const pools = createPools(server.origin);

  async function credentials(signal: AbortSignal) {
    try {
      // Streams have no deadline of their own, and a plugin may hang.
      const wait = { clock, deadlineMs: credentialsTimeoutMs, what: 'credentials', signals: [signal] };
      return await withDeadline(wait, (call) => orAborted(connection.credentials(), call));
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new ConnectionError(`no credentials for the API server: ${(cause as Error).message}`, { sent: false, cause });
    }
  }

  async function dispatch(kind: 'requests' | 'watches', request: Partial<TransportRequest>, more: Dispatch) {
    const { headers, tls } = await credentials(more.signal);
    // At the last moment: a plugin may have taken a while to give the credentials.
    checkFence(request.fence);
    const method = request.method ?? 'GET';
    const startedAt = clock.now();
    const observe = (code: string) => options.observe?.({ method, code, host: server.host, seconds: (clock.now() - startedAt) / 1_000 });
    try {
      const response = await pools.pick(kind, tls).request({
        method,
        path: `${prefix}${request.path}${queryOf(request.query)}`,
        headers: {
          ...headers,
          'user-agent': userAgent,
          accept: 'application/json',
          ...(request.contentType && { 'content-type': request.contentType }),
        },
        body: request.body,
        ...more,
      });
      observe(String(response.statusCode));
      return response;
    } catch (error) {
      observe('<error>');
      throw error;
    }
  }

  async function checked(response: Dispatcher.ResponseData): Promise<Dispatcher.ResponseData> {
    if (response.statusCode < 300) return response;
    const header = response.headers['retry-after'];
    const retryAfterMs = parseRetryAfter(Array.isArray(header) ? header[0] : header, clock.wall());
    const error = apiErrorOf(response.statusCode, await response.body.text(), retryAfterMs);
    if (isUnauthorized(error)) connection.invalidate();
    throw error;
  }

  async function attempt(request: TransportRequest, signal: AbortSignal): Promise<string> {
    try {
      return await (await checked(await dispatch('requests', request, { signal }))).body.text();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw isFinal(error) ? error : connectionErrorOf(error);
    }
  }

  async function repeat(request: TransportRequest, signal: AbortSignal, endsAt: number): Promise<string> {
    const { idempotent = request.method === 'GET', retry = true } = request;
    for (let count = 1; ; count += 1) {
      try {
        return await attempt(request, signal);
      } catch (error) {
        const outcome = retry ? outcomeOf(error) : undefined;
        if (!outcome) throw error;
        // Once with fresh credentials: a token that was rotated away is no reason to fail.
        const delayMs =
          isUnauthorized(error) && count === 1 ? 0 : decideRetry(outcome, { attempt: count, idempotent, random: random(), policy });
        if (delayMs === undefined || clock.now() + delayMs >= endsAt) throw error;
        await sleep(clock, delayMs, signal);
        if (signal.aborted) throw signal.reason;
      }
    }
  }

  return {
    request(request) {
      const { deadlineMs = options.deadlineMs ?? defaultDeadlineMs, signal, fence, method, path } = request;
      const endsAt = clock.now() + deadlineMs;
      const wait = { clock, deadlineMs, what: `${method} ${path}`, signals: [signal, fence?.signal] };
      return withDeadline(wait, (call) => repeat(request, call, endsAt));
    },
    async stream({ path, query, signal = new AbortController().signal, silenceMs }) {
      signal.throwIfAborted();
      try {
        const timeouts = { signal, headersTimeout: Math.min(headersTimeoutMs, silenceMs), bodyTimeout: silenceMs };
        const { body } = await checked(await dispatch('watches', { path, query }, timeouts));
        return chunksOf(body, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw isFinal(error) ? error : connectionErrorOf(error);
      }
    },
    stats: () => pools.stats(),
    close: () => pools.close(),
  };
}

async function* chunksOf(body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw connectionErrorOf(error);
  }
}
