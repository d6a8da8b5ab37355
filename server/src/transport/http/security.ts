import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import helmet from 'helmet';
import type { IsAllowedOrigin } from '../../auth/origin.ts';

const BODY_MAX_BYTES = 64 * 1024;

/** Everything from the installation itself. `wasm-unsafe-eval` compiles the offline store's SQLite and allows no script. */
export function securityHeaders({ https, fileOrigin }: { https: boolean; fileOrigin?: string }): RequestHandler {
  const files = fileOrigin === undefined ? [] : [fileOrigin];
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:', ...files],
        mediaSrc: ["'self'", 'blob:', ...files],
        connectSrc: ["'self'", 'ws:', 'wss:', ...files],
        workerSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        // Over plain HTTP (a laptop, a test cluster) these would send the browser to a port that does not answer.
        ...(https ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: https ? undefined : false,
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
  });
}

export function jsonBody(): RequestHandler {
  return express.json({
    limit: BODY_MAX_BYTES,
    verify: (_req, _res, bytes) => {
      // The parser would put U+FFFD in the place of broken bytes and store a text that nobody wrote.
      if (!isUtf8(bytes)) throw Object.assign(new Error('the body is not UTF-8'), { status: 400 });
    },
  });
}

/** Pages of other allowed origins may call the API with a bearer token. */
export function cors(isAllowedOrigin: IsAllowedOrigin): RequestHandler {
  return (req, res, next) => {
    res.vary('Origin');
    const { origin, host } = req.headers;
    const allowed = isAllowedOrigin(origin, host);
    if (allowed)
      res.set({
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': 'Retry-After, X-Request-Id',
      });
    if (req.method !== 'OPTIONS') return next();
    if (allowed) {
      res.set({
        'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
        'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-Request-Id',
        'Access-Control-Max-Age': '600',
      });
    }
    res.status(204).end();
  };
}
