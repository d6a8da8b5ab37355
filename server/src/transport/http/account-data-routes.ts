import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router } from 'express';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import type { ConfirmOwner } from '../../auth/confirm-owner.ts';
import type { ExportAccount } from '../../operations/account-data.ts';
import type { AuthCookies } from './auth-cookies.ts';
import type { Routes } from './route.ts';
import { deviceOf } from './sign-in-answer.ts';

export interface AccountDataRouteDeps extends Routes {
  exportAccount: ExportAccount;
  /** Everything about the person, sessions and sockets included. */
  deleteAccount(userId: string): Promise<void>;
  confirmOwner: ConfirmOwner;
  cookies: Pick<AuthCookies, 'clear'>;
}

/** Taking one's data along, and going. */
export function accountDataRoutes({ route, exportAccount, confirmOwner, deleteAccount, cookies }: AccountDataRouteDeps): Router {
  const router = Router();
  router.get(
    '/v1/users/me/export',
    route({}, async ({ principal, res }) => {
      const pieces = await exportAccount(principal.userId);
      res.set({
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Disposition': `attachment; filename="chat-export-${new Date().toISOString().slice(0, 10)}.json"`,
        'Cache-Control': 'no-store',
      });
      // A fault in the middle ends the connection: half a document must not look like a whole one.
      await pipeline(Readable.from(pieces), res).catch((error: unknown) => {
        if (!res.destroyed) throw error;
      });
    }),
  );
  router.delete(
    '/v1/users/me',
    route({ body: restSchemas.deleteMe }, async ({ req, principal, body, res }) => {
      await confirmOwner(principal, body, deviceOf(req));
      await deleteAccount(principal.userId);
      cookies.clear(res);
    }),
  );
  return router;
}
