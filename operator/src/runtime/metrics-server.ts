import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface MetricsServerOptions {
  registry: Registry;
  /** 0 takes a free one. */
  port: number;
  /** @default '0.0.0.0' */
  host?: string;
  /** False makes the kubelet restart the pod. */
  healthy?: () => boolean;
  /** False takes the pod out of its Service. */
  ready?: () => boolean;
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(text);
}

/** Serves /metrics, /healthz and /readyz, and nothing else. */
export async function startMetricsServer({ registry, port, host = '0.0.0.0', healthy, ready }: MetricsServerOptions) {
  const check = (response: ServerResponse, ok: boolean) => answer(response, ok ? 200 : 503, ok ? 'ok' : 'not ok');
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'only GET');
    if (path === '/healthz') return check(response, healthy?.() ?? true);
    if (path === '/readyz') return check(response, ready?.() ?? true);
    if (path !== '/metrics') return answer(response, 404, 'not here');
    registry.metrics().then(
      (text) => answer(response, 200, text, registry.contentType),
      (error: Error) => answer(response, 500, error.message),
    );
  });
  server.requestTimeout = 5_000;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    async close(): Promise<void> {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
