import { z } from 'zod';
import { text, uuid } from './socket-schemas.ts';

const page = {
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
};
/** 0: for ever; null: as if it had never been set. */
const retentionDays = z.number().int().min(0).max(36_500).nullable();
const onOff = z.enum(['true', 'false']).transform((value) => value === 'true');

/** Reports, and what administrators of the installation do. */
export const safetySchemas = {
  /** `conversationId` beside `messageId` spares the server a search. */
  report: z
    .object({
      messageId: uuid.optional(),
      conversationId: uuid.optional(),
      userId: uuid.optional(),
      reason: text.trim().min(1).max(1_000),
    })
    .refine((r) => (r.messageId === undefined) !== (r.userId === undefined), 'give either messageId or userId'),
  adminUsers: z.object({ ...page, q: text.max(100).default(''), suspended: onOff.optional() }),
  adminPatchUser: z
    .object({ suspended: z.boolean().optional(), admin: z.boolean().optional(), reason: text.max(1_000).optional() })
    .refine((p) => p.suspended !== undefined || p.admin !== undefined, 'give suspended or admin'),
  /** `ruled`: only those that have a rule of their own for how long messages are kept. */
  adminConversations: z.object({ ...page, q: text.max(100).default(''), ruled: onOff.optional() }),
  adminPatchConversation: z
    .object({ archived: z.boolean().optional(), retentionDays: retentionDays.optional() })
    .refine((p) => p.archived !== undefined || p.retentionDays !== undefined, 'give archived or retentionDays'),
  adminReports: z.object({ ...page, status: z.enum(['open', 'resolved', 'dismissed']).optional() }),
  adminPatchReport: z.object({ status: z.enum(['open', 'resolved', 'dismissed']), note: text.max(1_000).optional() }),
  /** Without `conversationId`: of all that have no rule of their own. */
  adminRetention: z.object({ days: z.coerce.number().int().min(1).max(36_500), conversationId: uuid.optional() }),
  adminPatchRetention: z.object({ messagesDays: retentionDays.optional(), auditDays: retentionDays.optional() }),
  adminAudit: z.object({ ...page, actorId: uuid.optional(), targetId: uuid.optional() }),
};
