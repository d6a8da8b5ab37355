import { Router } from 'express';
import { z } from 'zod';
import { ChatError } from '@chatcluster/protocol/errors';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Bots } from '../../operations/bots.ts';
import { isAdmin } from '../../store/sql/admin-lists.ts';
import type { Db } from '../../store/sql/auth-keys.ts';
import type { AuthedInput, RouteSchema, Routes } from './route.ts';

const one = z.object({ id: uuid });

/** Bots, for administrators of the installation. */
export function botRoutes({ route, db, bots }: Routes & { db: Db; bots: Bots }): Router {
  const router = Router();
  const admin = <S extends RouteSchema>(schema: S, handler: (input: AuthedInput<S>) => unknown) =>
    route(schema, async (input) => {
      if (!(await isAdmin(db, input.principal.userId))) throw new ChatError('forbidden', { message: 'This is for administrators.' });
      return handler(input);
    });
  router.post(
    '/v1/admin/bots',
    admin({ body: restSchemas.createBot, status: 201 }, ({ principal, body }) => bots.create(principal.userId, body.displayName)),
  );
  router.get(
    '/v1/admin/bots',
    admin({}, async () => ({ items: await bots.list(), nextCursor: null })),
  );
  router.post(
    '/v1/admin/bots/:id/token',
    admin({ params: one, status: 201 }, ({ principal, params }) => bots.renewToken(principal.userId, params.id)),
  );
  router.delete(
    '/v1/admin/bots/:id',
    admin({ params: one }, ({ principal, params }) => bots.remove(principal.userId, params.id)),
  );
  return router;
}
