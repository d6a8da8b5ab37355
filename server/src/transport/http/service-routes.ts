import { fileURLToPath } from 'node:url';
import { Router } from 'express';
import type { Keys } from '../../auth/keys.ts';

export interface ServiceRouteDeps {
  keys: Pick<Keys, 'jwks'>;
  /** Folder of openapi.json and asyncapi.json. @default the protocol package */
  specRoot?: string;
}

/** What describes the installation itself, open to everybody. */
export function serviceRoutes({
  keys,
  specRoot = fileURLToPath(new URL('../../../../protocol/', import.meta.url)),
}: ServiceRouteDeps): Router {
  const router = Router();
  router.get('/.well-known/jwks.json', (_req, res) => {
    res.set('Cache-Control', 'public, max-age=60').json(keys.jwks());
  });
  for (const name of ['openapi.json', 'asyncapi.json']) {
    router.get(`/${name}`, (_req, res, next) => {
      res
        .set('Cache-Control', 'no-cache')
        .sendFile(name, { root: specRoot }, (error) => error && next(res.headersSent ? error : undefined));
    });
  }
  return router;
}
