import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface AdminOptions {
  host: string;
  port: number;
  registry: Registry;
  isLive: () => boolean;
  isReady: () => boolean;
  /** `namespace/name` → the wanted number of realtime pods; undefined: not known. */
  desiredReplicas: (key: string) => number | undefined;
}

export interface Admin extends AsyncDisposable {
  port: number;
}

/** Probes, metrics, and the number that KEDA's metrics-api trigger asks for. Every replica answers, the leader or not. */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const server = createServer((request, response) => {
    handle(options, request, response).catch((error: Error) => {
      if (!response.headersSent) send(response, 500, 'text/plain', `${error.message}\n`);
    });
  });
  server.requestTimeout = 5_000;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(options.port, options.host, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  { registry, isLive, isReady, desiredReplicas }: AdminOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '';
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain', 'only GET\n');
  if (path === '/livez') return probe(response, isLive());
  if (path === '/readyz') return probe(response, isReady());
  if (path === '/metrics') return send(response, 200, registry.contentType, await registry.metrics());
  const key = /^\/scaling\/([a-z0-9-]{1,63}\/[a-z0-9.-]{1,253})$/.exec(path)?.[1];
  const desired = key === undefined ? undefined : desiredReplicas(key);
  if (desired === undefined) return send(response, 404, 'text/plain', 'not found\n');
  return send(response, 200, 'application/json', JSON.stringify({ desired }));
}

function probe(response: ServerResponse, good: boolean): void {
  send(response, good ? 200 : 503, 'text/plain', good ? 'ok\n' : 'not ok\n');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }).end(body);
}
