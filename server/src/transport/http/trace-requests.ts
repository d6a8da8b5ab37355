import { once } from 'node:events';
import type { RequestHandler } from 'express';
import { parseTraceparent, type Tracing } from '../../tracing/tracing.ts';
import { routeOf } from './request-log.ts';

/** One span for each request, named by the pattern of its route. */
export function traceRequests(tracing: Tracing): RequestHandler {
  if (!tracing.isOn) return (_req, _res, next) => next();
  return (req, res, next) => {
    const parent = parseTraceparent(req.get('traceparent'));
    void tracing.span('http request', { kind: 'server', parent }, async (span) => {
      next();
      // A connection that breaks ends the answer too.
      await once(res, 'close');
      const route = routeOf(req);
      span.rename(`${req.method} ${route ?? 'other'}`);
      span.set({ 'http.request.method': req.method, 'http.route': route ?? 'other', 'http.response.status_code': res.statusCode });
    });
  };
}
