import { join, resolve, sep } from 'node:path';
import express, { Router, type RequestHandler } from 'express';

const YEAR_MS = 365 * 86_400_000;

/** The built web app: hashed files under /assets for ever, everything else checked each time. */
export function webApp(webRoot: string): RequestHandler {
  const router = Router();
  const assets = join(resolve(webRoot), 'assets') + sep;
  router.use(
    express.static(webRoot, {
      index: false,
      redirect: false,
      setHeaders: (res, path) => {
        res.setHeader('Cache-Control', path.startsWith(assets) ? `public, max-age=${YEAR_MS / 1_000}, immutable` : 'no-cache');
      },
    }),
  );
  router.get('/{*path}', (req, res, next) => {
    if (!isPage(req.path) || !req.accepts('html')) return next();
    // The page itself must be fresh: it names the hashed files.
    res
      .set('Cache-Control', 'no-cache')
      .sendFile('index.html', { root: resolve(webRoot) }, (error) => error && next(res.headersSent ? error : undefined));
  });
  return router;
}

/** Not the API, not the socket, and not a file that is missing: an old script must not become a page. */
function isPage(path: string): boolean {
  return !/^\/(v1|file-data|socket\.io|\.well-known|assets)(\/|$)/.test(path) && !/\.\w{1,8}$/.test(path);
}
