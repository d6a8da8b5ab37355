import { Router } from 'express';
import { z } from 'zod';
import { CHANGES_PAGE } from '@chatcluster/protocol/limits';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { CatchUp } from '../../operations/catch-up.ts';
import type { Conversations } from '../../operations/conversations.ts';
import type { Receipts } from '../../operations/receipts.ts';
import type { Routes } from './route.ts';

export interface ConversationRouteDeps extends Routes {
  conversations: Conversations;
  receipts: Pick<Receipts, 'set' | 'unread' | 'thread'>;
  catchUp: Pick<CatchUp, 'changes' | 'sync'>;
}

const one = z.object({ id: uuid });
const member = z.object({ id: uuid, userId: uuid });
const thread = z.object({ id: uuid, rootId: uuid });
const PAGE = 50;

/** Conversations, their members, the own read position, and the two calls of catching up. */
export function conversationRoutes({ route, conversations, receipts, catchUp }: ConversationRouteDeps): Router {
  const router = Router();
  router.post(
    '/v1/conversations',
    route({ body: restSchemas.createConversation }, async ({ principal, body, res }) => {
      const { created, conversation } = await conversations.create(principal, body);
      res.status(created ? 201 : 200);
      return conversation;
    }),
  );
  router.get(
    '/v1/conversations',
    route({ query: restSchemas.listPage }, async ({ principal, query }) => {
      const page = await catchUp.changes(principal.userId, query.cursor, query.limit ?? CHANGES_PAGE);
      return { items: page.conversations, nextCursor: page.more ? page.next : null };
    }),
  );
  router.get(
    '/v1/changes',
    route({ query: restSchemas.changes }, ({ principal, query }) => catchUp.changes(principal.userId, query.since, query.limit)),
  );
  router.post(
    '/v1/sync',
    route({ body: restSchemas.sync }, ({ principal, body }) => catchUp.sync(principal.userId, body.cursors)),
  );
  router.get(
    '/v1/channels',
    route({ query: restSchemas.browseChannels }, ({ principal, query }) =>
      conversations.browse(principal.userId, query.q, query.cursor, query.limit ?? PAGE),
    ),
  );
  addConversation(router, route, conversations);
  addMembers(router, route, conversations);
  addReading(router, route, receipts);
  return router;
}

function addConversation(router: Router, route: Routes['route'], conversations: Conversations): void {
  router.get(
    '/v1/conversations/:id',
    route({ params: one }, ({ principal, params }) => conversations.load(principal.userId, params.id)),
  );
  router.patch(
    '/v1/conversations/:id',
    route({ params: one, body: restSchemas.patchConversation }, ({ principal, params, body }) =>
      conversations.patch(principal.userId, params.id, body),
    ),
  );
  router.delete(
    '/v1/conversations/:id',
    route({ params: one }, ({ principal, params }) => conversations.delete(principal.userId, params.id)),
  );
  router.post(
    '/v1/conversations/:id/join',
    route({ params: one }, ({ principal, params }) => conversations.join(principal, params.id)),
  );
  router.post(
    '/v1/conversations/:id/leave',
    route({ params: one }, ({ principal, params }) => conversations.leave(principal.userId, params.id)),
  );
  router.patch(
    '/v1/conversations/:id/me',
    route({ params: one, body: restSchemas.patchConversationMe }, ({ principal, params, body }) =>
      conversations.patchMe(principal.userId, params.id, body),
    ),
  );
}

function addMembers(router: Router, route: Routes['route'], conversations: Conversations): void {
  router.get(
    '/v1/conversations/:id/members',
    route({ params: one, query: restSchemas.listPage }, ({ principal, params, query }) =>
      conversations.listMembers(principal.userId, params.id, query.cursor, query.limit ?? PAGE),
    ),
  );
  router.post(
    '/v1/conversations/:id/members',
    route({ params: one, body: restSchemas.addMembers }, ({ principal, params, body }) =>
      conversations.addMembers(principal.userId, params.id, body),
    ),
  );
  router.patch(
    '/v1/conversations/:id/members/:userId',
    route({ params: member, body: restSchemas.patchMember }, ({ principal, params, body }) =>
      conversations.setRole(principal.userId, params.id, params.userId, body.role),
    ),
  );
  router.delete(
    '/v1/conversations/:id/members/:userId',
    route({ params: member }, ({ principal, params }) => conversations.removeMember(principal.userId, params.id, params.userId)),
  );
}

function addReading(router: Router, route: Routes['route'], receipts: Pick<Receipts, 'set' | 'unread' | 'thread'>): void {
  router.post(
    '/v1/conversations/:id/read',
    route({ params: one, body: restSchemas.read }, ({ principal, params, body }) =>
      receipts.set(principal.userId, params.id, { read: body.seq }),
    ),
  );
  router.post(
    '/v1/conversations/:id/unread',
    route({ params: one, body: restSchemas.read }, ({ principal, params, body }) => receipts.unread(principal.userId, params.id, body.seq)),
  );
  router.post(
    '/v1/conversations/:id/threads/:rootId/read',
    route({ params: thread, body: restSchemas.read }, ({ principal, params, body }) =>
      receipts.thread({ userId: principal.userId, conversationId: params.id, rootId: params.rootId, seq: body.seq }),
    ),
  );
}
