import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from '../../log.ts';
import { noTracing, traceIdOf, type Tracing } from '../../tracing/tracing.ts';

declare global {
  namespace Express {
    interface Request {
      /** Of this request, in the log and in `X-Request-Id`. */
      id: string;
    }
  }
}

/** Names each request and logs how it ended: never the query, headers or bodies, where tokens and texts are. */
export function requestLog(log: Logger, tracing: Tracing = noTracing): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    req.id = given !== undefined && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    res.set('X-Request-Id', req.id);
    const startedAt = performance.now();
    res.once('finish', () => {
      const level = res.statusCode >= 500 ? 'warn' : 'debug';
      const durationMs = Math.round(performance.now() - startedAt);
      const line = {
        requestId: req.id,
        ...traceIdOf(tracing),
        method: req.method,
        route: routeOf(req),
        status: res.statusCode,
        durationMs,
      };
      log[level](line, 'request handled');
    });
    next();
  };
}

/** The pattern, not the path: invite codes and hook tokens are part of some paths. */
export function routeOf(req: Request): string | undefined {
  const route: unknown = req.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return undefined;
  return String(route.path);
}
