import { Router } from 'express';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import type { TotpRoutes } from '../../auth/second-factor.ts';
import type { Db } from '../../store/sql/auth-keys.ts';
import { loadSignInMethods } from '../../store/sql/second-factor.ts';
import type { Routes } from './route.ts';
import { createAnswer, deviceOf, type AnswerDeps } from './sign-in-answer.ts';

export interface TotpRouteDeps extends Routes, AnswerDeps {
  db: Db;
  totp: TotpRoutes;
}

/** The second factor. */
export function totpRoutes({ route, open, db, totp, ...deps }: TotpRouteDeps): Router {
  const router = Router();
  const signedIn = createAnswer(deps);

  router.get(
    '/v1/auth/methods',
    route({}, ({ principal }) => loadSignInMethods(db, principal.userId)),
  );
  router.post(
    '/v1/auth/totp',
    route({ body: restSchemas.turnTotpOn }, ({ req, principal, body }) =>
      body.code === undefined ? totp.setUp(principal, body, deviceOf(req)) : totp.confirm(principal, body.code, deviceOf(req)),
    ),
  );
  router.delete(
    '/v1/auth/totp',
    route({ body: restSchemas.turnTotpOff }, ({ req, principal, body }) => totp.remove(principal, body, deviceOf(req))),
  );
  router.post(
    '/v1/auth/totp/verify',
    open({ body: restSchemas.verifyTotp }, ({ req, res, body }) =>
      signedIn({ req, res }, body.tokens, () => totp.verify(body, deviceOf(req, body.deviceId))),
    ),
  );
  return router;
}
