import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Connection } from './connection.ts';
import { createWatchFault, type WatchFault } from './testing-watch-faults.ts';
import { linesOf } from './watch-stream.ts';

/** What goes wrong with one request. */
export type Fault =
  | { kind: 'status'; status: number; reason?: string; retryAfterSeconds?: number }
  /** The connection breaks before the API server has seen the request, or after it has done what was asked. */
  | { kind: 'reset-before' | 'reset-after' }
  /** Half-open: the request is read and never answered. */
  | { kind: 'hang' }
  | { kind: 'slow-body'; chunkBytes: number; everyMs: number }
  | WatchFault;

export interface ProxiedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  isWatch: boolean;
  fault?: Fault;
}

export interface TestingProxy extends AsyncDisposable {
  /** For a client that goes through the proxy; it needs no credentials of its own. */
  connection: Connection;
  /** Every request so far, in order. */
  requests: ProxiedRequest[];
  /** Decides about every request; the default lets all of them through. */
  script: (request: ProxiedRequest) => Fault | undefined;
  /** Breaks every connection that is open now. */
  breakConnections(): void;
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'content-length', 'upgrade', 'te', 'trailer']);

function forwardedHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && !hopByHop.has(name)) kept[name] = value;
  return kept;
}

function describe(request: IncomingMessage): ProxiedRequest {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://proxy');
  const isWatch = ['true', '1'].includes(searchParams.get('watch') ?? '');
  return { method: request.method ?? 'GET', path: pathname, query: searchParams, isWatch };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answerStatus(response: ServerResponse, { status, reason = 'InternalError', retryAfterSeconds }: Fault & { kind: 'status' }): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message: `injected ${status}` }),
  );
}

/**
 * An RST, not an orderly end. A socket that is being ended cannot be reset any more: Node would take it for closed, leave its
 * handle open, and spin in the process's last clean-up.
 */
export const reset = ({ socket }: Pick<ServerResponse, 'socket'>) => (socket?.writableEnded ? socket.destroy() : socket?.resetAndDestroy());

const isWatchFault = (fault: Fault | undefined): fault is WatchFault => fault !== undefined && 'watch' in fault;

/** A real API server behind an unreliable network: faults are chosen by request, everything else is passed on. */
export async function startTestingProxy(upstream: Connection, random: () => number = Math.random): Promise<TestingProxy> {
  const { headers: credentials, tls } = await upstream.credentials();
  const pool = new Pool(upstream.server, { connect: tls, allowH2: false });

  async function forward(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const answer = await pool.request({
      method: request.method as 'GET',
      path: request.url ?? '/',
      headers: { ...forwardedHeaders(request.headers), ...credentials },
      body: await bodyOf(request),
      signal: gone.signal,
      bodyTimeout: 0,
    });
    if (fault?.kind === 'reset-after') {
      await answer.body.dump();
      return void reset(response);
    }
    response.writeHead(answer.statusCode, forwardedHeaders(answer.headers));
    response.flushHeaders();
    if (isWatchFault(fault) && answer.statusCode === 200) return passWatch(answer.body, response, fault);
    for await (const chunk of answer.body as AsyncIterable<Buffer>) await write(response, chunk, fault);
    response.end();
  }

  async function passWatch(body: AsyncIterable<Buffer>, response: ServerResponse, fault: WatchFault): Promise<void> {
    const sink = { write: (line: string) => response.write(`${line}\n`), end: () => response.end(), reset: () => reset(response) };
    const lines = createWatchFault(fault, sink, random);
    for await (const line of linesOf(body)) lines.push(line);
    lines.finish();
  }

  const proxy = { requests: [] as ProxiedRequest[], script: (() => undefined) as TestingProxy['script'] };
  const server = createServer((request, response) => {
    const described = describe(request);
    const fault = proxy.script(described);
    proxy.requests.push({ ...described, fault });
    if (fault?.kind === 'status') return answerStatus(response, fault);
    if (fault?.kind === 'reset-before') return void reset(response);
    if (fault?.kind === 'hang') return;
    // Either side may go away at any time; the other one is then cut off too.
    forward(request, response, fault).catch(() => reset(response));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));

  return Object.assign(proxy, {
    connection: {
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: () => Promise.resolve({ headers: {}, tls: {} }),
      invalidate() {},
    },
    breakConnections: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), pool.destroy()]);
    },
  });
}

async function write(response: ServerResponse, chunk: Buffer, fault: Fault | undefined): Promise<void> {
  if (fault?.kind !== 'slow-body') return void response.write(chunk);
  for (let from = 0; from < chunk.length && !response.destroyed; from += fault.chunkBytes) {
    response.write(chunk.subarray(from, from + fault.chunkBytes));
    await delay(fault.everyMs);
  }
}
