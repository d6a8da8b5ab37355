import { Router } from 'express';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import type { BecomeAdmin } from '../../auth/admin-link.ts';
import type { Routes } from './route.ts';
import { deviceOf } from './sign-in-answer.ts';

/** How an installation gets its first administrator where no address is proven. */
export function adminLinkRoutes({ route, becomeAdmin }: Routes & { becomeAdmin: BecomeAdmin }): Router {
  const router = Router();
  router.post(
    '/v1/auth/admin-link',
    route({ body: restSchemas.becomeAdmin }, ({ req, principal, body }) => becomeAdmin(principal, body.token, deviceOf(req))),
  );
  return router;
}
