import { Router } from 'express';
import { z } from 'zod';
import { ChatError } from '@chatcluster/protocol/errors';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Safety } from '../../operations/safety.ts';
import { isAdmin, listConversationsForAdmin, listUsersForAdmin } from '../../store/sql/admin-lists.ts';
import { listAudit } from '../../store/sql/audit.ts';
import type { Db } from '../../store/sql/auth-keys.ts';
import { listReports, resolveReport } from '../../store/sql/reports.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { AuthedInput, RouteSchema, Routes } from './route.ts';

export type AdminRouteDeps = Routes & Pick<Safety, 'moderation' | 'stats' | 'retention'> & { db: Db };

const PAGE = 50;
const one = z.object({ id: uuid });
const message = z.object({ id: uuid, messageId: uuid });
const position = z.object({ at: z.iso.datetime({ precision: 3 }), id: uuid });
const auditPosition = z.object({ before: z.number().int().positive() });

type ListInput = { cursor?: string | undefined; limit?: number | undefined };
type List<T> = (after: { at: string; id: string } | null, limit: number) => Promise<T[]>;

/** One page, newest first, of things that have an id and were made at some time. */
async function page<T extends { id: string; createdAt: string }>({ cursor, limit = PAGE }: ListInput, list: List<T>) {
  const found = await list(cursor === undefined ? null : decodeCursor(position, cursor), limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last ? encodeCursor({ at: last.createdAt, id: last.id }) : null };
}

/** The administration of the installation; every call looks at the caller's own record first. */
export function adminRoutes({ route, db, moderation, stats, retention }: AdminRouteDeps): Router {
  const router = Router();
  const admin = <S extends RouteSchema>(schema: S, handler: (input: AuthedInput<S>) => unknown) =>
    route(schema, async (input) => {
      if (!(await isAdmin(db, input.principal.userId))) throw new ChatError('forbidden', { message: 'This is for administrators.' });
      return handler(input);
    });
  addUsers(router, admin, { db, moderation });
  addConversations(router, admin, { db, moderation, retention });
  addReports(router, admin, db);
  addRetention(router, admin, retention);
  router.get(
    '/v1/admin/stats',
    admin({}, () => stats()),
  );
  return router;
}

type Admin = Routes['route'];

function addUsers(router: Router, admin: Admin, { db, moderation }: Pick<AdminRouteDeps, 'db' | 'moderation'>): void {
  router.get(
    '/v1/admin/users',
    admin({ query: restSchemas.adminUsers }, ({ query }) =>
      page(query, (after, limit) => listUsersForAdmin(db, { text: query.q, suspended: query.suspended ?? null, after, limit })),
    ),
  );
  router.patch(
    '/v1/admin/users/:id',
    admin({ params: one, body: restSchemas.adminPatchUser }, ({ principal, params, body }) =>
      moderation.patchUser(principal.userId, params.id, body),
    ),
  );
}

function addRetention(router: Router, admin: Admin, retention: AdminRouteDeps['retention']): void {
  router.get(
    '/v1/admin/retention',
    admin({ query: restSchemas.adminRetention }, ({ query }) => retention.preview(query.days, query.conversationId ?? null)),
  );
  router.get(
    '/v1/admin/retention/settings',
    admin({}, () => retention.settings()),
  );
  router.patch(
    '/v1/admin/retention/settings',
    admin({ body: restSchemas.adminPatchRetention }, ({ principal, body }) => retention.change(principal.userId, body)),
  );
}

type ConversationDeps = Pick<AdminRouteDeps, 'db' | 'moderation' | 'retention'>;

function addConversations(router: Router, admin: Admin, { db, moderation, retention }: ConversationDeps): void {
  router.get(
    '/v1/admin/conversations',
    admin({ query: restSchemas.adminConversations }, ({ query }) =>
      page(query, (after, limit) => listConversationsForAdmin(db, { text: query.q, ruled: query.ruled ?? false, after, limit })),
    ),
  );
  router.patch(
    '/v1/admin/conversations/:id',
    admin({ params: one, body: restSchemas.adminPatchConversation }, async ({ principal, params, body }) => {
      if (body.retentionDays !== undefined) await retention.changeOf(principal.userId, params.id, body.retentionDays);
      if (body.archived !== undefined) await moderation.archive(principal.userId, params.id, body.archived);
    }),
  );
  router.delete(
    '/v1/admin/conversations/:id/messages/:messageId',
    admin({ params: message }, ({ principal, params }) => moderation.removeMessage(principal.userId, params.id, params.messageId)),
  );
}

function addReports(router: Router, admin: Admin, db: Db): void {
  router.get(
    '/v1/admin/reports',
    admin({ query: restSchemas.adminReports }, ({ query }) =>
      page(query, (after, limit) => listReports(db, { status: query.status ?? null, after, limit })),
    ),
  );
  router.patch(
    '/v1/admin/reports/:id',
    admin({ params: one, body: restSchemas.adminPatchReport }, async ({ principal, params, body }) => {
      const report = await resolveReport(db, { id: params.id, status: body.status, note: body.note, adminId: principal.userId });
      if (report === null) throw new ChatError('not_found');
      return report;
    }),
  );
  router.get(
    '/v1/admin/audit',
    admin({ query: restSchemas.adminAudit }, async ({ query }) => {
      const { cursor, limit = PAGE, actorId = null, targetId = null } = query;
      const before = cursor === undefined ? null : decodeCursor(auditPosition, cursor).before;
      const found = await listAudit(db, { before, actorId, targetId, limit: limit + 1 });
      const items = found.slice(0, limit);
      return { items, nextCursor: found.length > limit ? encodeCursor({ before: Number(items.at(-1)!.id) }) : null };
    }),
  );
}
