import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { Logger } from '../../log.ts';
import { describeError } from './problem.ts';

/** What the autoscaler reads; the names are those of the contract. */
export interface AdminSnapshot {
  connections: number;
  maxConnections: number;
  acceptPerSecond: number;
  eventLoopUtilization: number;
  loopLagP99Ms: number;
  heapUsedRatio: number;
  draining: boolean;
}

export interface AdminAppDeps {
  isLive: () => boolean;
  isReady: () => boolean;
  registry: Pick<Registry, 'metrics' | 'contentType'>;
  snapshot: () => AdminSnapshot;
  log: Logger;
}

/** The admin port, which only the cluster itself reaches. Plain `node:http`: it must answer even when little else does. */
export function createAdminApp(deps: AdminAppDeps): RequestListener {
  return (req, res) => {
    handle(deps, req, res).catch((error: unknown) => {
      deps.log.error({ error: describeError(error) }, 'admin request failed');
      if (!res.headersSent) send(res, 500, 'text/plain', 'failed\n');
    });
  };
}

async function handle({ isLive, isReady, registry, snapshot }: AdminAppDeps, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') return send(res, 405, 'text/plain', 'only GET\n');
  switch (req.url?.split('?')[0]) {
    case '/livez':
      return probe(res, isLive());
    case '/readyz':
      return probe(res, isReady());
    case '/metrics':
      return send(res, 200, registry.contentType, await registry.metrics());
    case '/metrics.json':
      return send(res, 200, 'application/json', JSON.stringify(snapshot()));
    default:
      return send(res, 404, 'text/plain', 'not found\n');
  }
}

function probe(res: ServerResponse, good: boolean): void {
  send(res, good ? 200 : 503, 'text/plain', good ? 'ok\n' : 'not ok\n');
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }).end(body);
}
