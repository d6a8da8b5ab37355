import { Router } from 'express';
import { z } from 'zod';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Safety } from '../../operations/safety.ts';
import type { Routes } from './route.ts';

export type SafetyRouteDeps = Routes & Pick<Safety, 'blocks' | 'reports'>;

const one = z.object({ id: uuid });

/** Blocking and reporting, for everybody. */
export function safetyRoutes({ route, blocks, reports }: SafetyRouteDeps): Router {
  const router = Router();
  router.get(
    '/v1/users/me/blocks',
    route({}, async ({ principal }) => ({ items: (await blocks.list(principal.userId)).map((userId) => ({ userId })), nextCursor: null })),
  );
  router.put(
    '/v1/users/me/blocks/:id',
    route({ params: one }, ({ principal, params }) => blocks.set(principal.userId, params.id, true)),
  );
  router.delete(
    '/v1/users/me/blocks/:id',
    route({ params: one }, ({ principal, params }) => blocks.set(principal.userId, params.id, false)),
  );
  router.post(
    '/v1/reports',
    route({ body: restSchemas.report }, async ({ principal, body, res }) => {
      const { id, created } = await reports.report(principal.userId, body);
      res.status(created ? 201 : 200);
      return { id };
    }),
  );
  return router;
}
