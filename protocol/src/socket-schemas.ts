import { z } from 'zod';
import { CHANGES_PAGE, HISTORY_PAGE, POSITIONS_MAX_CONVERSATIONS, SYNC_MAX_CONVERSATIONS } from './limits.ts';
import type { ChangesPage, HistoryPage, PositionsPage, Presence, SendResult, SyncPage } from './types.ts';

/** Lower-case canonical UUID; upper case is accepted and folded, so that one id has one spelling everywhere. */
export const uuid = z.uuid().transform((id) => id.toLowerCase());
/** Postgres cannot store U+0000 in text, and a lone surrogate is not UTF-8: both are refused here with a clear path. */
export const text = z.string().refine((s) => !s.includes('\u0000') && s.isWellFormed(), 'must be well-formed text without U+0000');
export const seq = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const emoji = text
  .min(1)
  .max(64)
  .refine((s) => !/\s/u.test(s), 'must not contain spaces');
const token = z.string().min(1).max(8_192);

/** Bodies are limited in code points by the operation (the limit is configurable); this cap only bounds the work. */
const body = text.max(65_536);
const ref = { conversationId: uuid, messageId: uuid, clientMsgId: uuid };

/** Client → server events: one schema per event. Unknown fields are stripped. */
export const eventSchemas = {
  'message:send': z.object({
    conversationId: uuid,
    clientMsgId: uuid,
    body,
    replyTo: uuid.optional(),
    threadRoot: uuid.optional(),
    attachments: z.array(uuid).max(100).optional(),
    mentions: z.array(uuid).max(100).optional(),
    /** Mention everybody: owners and admins, and both people of a direct conversation. */
    mentionAll: z.boolean().optional(),
    /** W3C trace context of the sender; one that is malformed is ignored. */
    traceparent: z.string().optional(),
    /** A message that the sender may read: the server takes body and attachments from there. */
    forward: z.object({ conversationId: uuid, messageId: uuid }).optional(),
  }),
  'message:edit': z.object({ ...ref, body }),
  'message:delete': z.object(ref),
  'reaction:set': z.object({ ...ref, emoji, on: z.boolean() }),
  'pin:set': z.object({ ...ref, on: z.boolean() }),
  changes: z.object({ since: token.optional(), limit: z.number().int().min(1).max(CHANGES_PAGE).optional() }),
  sync: z.object({
    cursors: z
      .record(uuid, seq)
      .refine((c) => Object.keys(c).length <= SYNC_MAX_CONVERSATIONS, `at most ${SYNC_MAX_CONVERSATIONS} conversations`),
  }),
  history: z
    .object({
      conversationId: uuid,
      before: seq.optional(),
      after: seq.optional(),
      around: seq.optional(),
      limit: z.number().int().min(1).max(HISTORY_PAGE).optional(),
    })
    .refine((h) => [h.before, h.after, h.around].filter((s) => s !== undefined).length <= 1, 'give at most one of before, after, around'),
  /** How far everybody has come, for conversations that are looked at again after a reconnect. */
  positions: z.object({ conversationIds: z.array(uuid).max(POSITIONS_MAX_CONVERSATIONS) }),
  receipt: z.object({ conversationId: uuid, delivered: seq.optional(), read: seq.optional() }),
  typing: z.object({ conversationId: uuid, on: z.boolean() }),
  'presence:set': z.object({ status: z.enum(['online', 'away', 'dnd', 'invisible']) }),
  'presence:watch': z.object({ userIds: z.array(uuid).max(500) }),
  'match:join': z.object({}),
  'match:leave': z.object({}),
  'auth:refresh': z.object({ token }),
};

export type ClientEventName = keyof typeof eventSchemas;
/** What a client may send. */
export type EventInput<E extends ClientEventName> = z.input<(typeof eventSchemas)[E]>;
/** What the server works with after validation. */
export type EventPayload<E extends ClientEventName> = z.output<(typeof eventSchemas)[E]>;

/** The `data` of a successful ack. */
export interface EventResult {
  'message:send': SendResult;
  'message:edit': { seq: number };
  'message:delete': { seq: number };
  'reaction:set': { seq: number };
  'pin:set': { seq: number };
  changes: ChangesPage;
  sync: SyncPage;
  history: HistoryPage;
  positions: PositionsPage;
  receipt: Record<string, never>;
  typing: Record<string, never>;
  'presence:set': Record<string, never>;
  'presence:watch': { presence: Record<string, Presence> };
  'match:join': { waiting: true };
  'match:leave': { waiting: false };
  'auth:refresh': { expiresAt: string };
}

/** The `auth` object of the CONNECT packet. */
export const connectSchema = z.object({
  token: token.optional(),
  ticket: token.optional(),
  protocol: z.number().int().optional(),
  deviceId: text.max(200).optional(),
  since: token.optional(),
});
export type ConnectAuth = z.output<typeof connectSchema>;
