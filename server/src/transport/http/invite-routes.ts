import { type Request, Router } from 'express';
import { z } from 'zod';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { text, uuid } from '@chatcluster/protocol/socket-schemas';
import type { Config } from '../../config.ts';
import type { Invites } from '../../operations/invites.ts';
import type { Routes } from './route.ts';

export interface InviteRouteDeps extends Routes {
  invites: Invites;
  config: Pick<Config, 'publicUrl'>;
}

const code = text.min(1).max(100);
const one = z.object({ id: uuid });
const ofConversation = z.object({ id: uuid, code });
const byCode = z.object({ code });

/** Invite links of a conversation, and the two calls of whoever holds one. */
export function inviteRoutes({ route, open, invites, config }: InviteRouteDeps): Router {
  const router = Router();
  /** Where the web app of this installation takes it. */
  const withUrl = <T extends { code: string }>(req: Request, invite: T) => {
    const base = config.publicUrl ?? `${req.protocol}://${req.get('host')}`;
    return { ...invite, url: new URL(`/invite/${invite.code}`, base).href };
  };
  router.post(
    '/v1/conversations/:id/invites',
    route({ params: one, body: restSchemas.createInvite, status: 201 }, async ({ req, principal, params, body }) =>
      withUrl(req, await invites.create(principal.userId, params.id, body)),
    ),
  );
  router.get(
    '/v1/conversations/:id/invites',
    route({ params: one }, async ({ req, principal, params }) => {
      const found = await invites.list(principal.userId, params.id);
      return { items: found.map((invite) => withUrl(req, invite)), nextCursor: null };
    }),
  );
  router.delete(
    '/v1/conversations/:id/invites/:code',
    route({ params: ofConversation }, ({ principal, params }) => invites.revoke(principal.userId, params.id, params.code)),
  );
  // Before one has signed in: the page that the link leads to says where one is invited to.
  router.get(
    '/v1/invites/:code',
    open({ params: byCode }, ({ params }) => invites.preview(params.code)),
  );
  router.post(
    '/v1/invites/:code/accept',
    route({ params: byCode }, ({ principal, params }) => invites.accept(principal.userId, params.code)),
  );
  return router;
}
