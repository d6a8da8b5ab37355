import { ChatError, type ConversationMe, type Level } from '@chatcluster/protocol';
import type pg from 'pg';
import type { ReadMoved } from '../types.ts';
import { meJson } from './fragments.ts';

export interface SetRead {
  userId: string;
  conversationId: string;
  delivered?: number;
  read?: number;
}

interface Row {
  moved: boolean;
  delivered: number | null;
  read: number | null;
  me: ConversationMe;
}

/** Reading implies delivery. `old` is locked, so two devices cannot both believe that they moved it. */
const sql = `
  with old as materialized (
    -- least() passes over nulls: what is not asked for is 0.
    select m.*, least(greatest($3::bigint, $4::bigint, 0), c.last_seq) as to_delivered, least(coalesce($4::bigint, 0), c.last_seq) as to_read,
      c.last_seq
    from members m join conversations c on c.id = m.conversation_id
    where m.conversation_id = $2 and m.user_id = $1 and m.left_at is null and c.deleted_at is null
    for no key update of m
  ), m as materialized (
    select o.conversation_id, o.user_id, o.role, o.first_seq, o.level, o.favourite, o.thread_reads, o.last_seq,
      -- As the trigger will set it.
      case when o.to_read > o.read_seq then o.version + 1 else o.version end as version,
      o.read_seq as old_read, o.receipt_seq as old_receipt, o.delivered_seq as old_delivered,
      greatest(o.read_seq, o.to_read) as read_seq, greatest(o.receipt_seq, o.to_read) as receipt_seq,
      greatest(o.delivered_seq, o.to_delivered) as delivered_seq
    from old o
  ), written as (
    update members w set read_seq = m.read_seq, receipt_seq = m.receipt_seq, delivered_seq = m.delivered_seq,
      -- Deliveries alone are no news for the account's other devices.
      changed_xid = case when m.read_seq > m.old_read then pg_current_xact_id()::text::bigint else w.changed_xid end
    from m
    where w.conversation_id = m.conversation_id and w.user_id = m.user_id
      and (m.read_seq > m.old_read or m.receipt_seq > m.old_receipt or m.delivered_seq > m.old_delivered)
  )
  select m.read_seq > m.old_read as moved,
    case when m.delivered_seq > m.old_delivered then m.delivered_seq end as delivered,
    case when m.receipt_seq > m.old_receipt then m.receipt_seq end as read,
    ${meJson('m.last_seq')} as me
  from m`;

/** Monotonic, clamped to the last seq. null: not a member. */
export async function setRead(pool: pg.Pool, { userId, conversationId, delivered, read }: SetRead): Promise<ReadMoved | null> {
  const { rows } = await pool.query<Row>({
    name: 'set-read',
    text: sql,
    values: [userId, conversationId, delivered ?? null, read ?? null],
  });
  const row = rows[0];
  if (!row) return null;
  return { moved: row.moved, delivered: row.delivered ?? undefined, read: row.read ?? undefined, me: row.me };
}

function updateMe(set: string): string {
  return `
  with m as (
    update members m set ${set}, changed_xid = pg_current_xact_id()::text::bigint
    from conversations c
    where m.conversation_id = $2 and m.user_id = $1 and m.left_at is null and c.id = m.conversation_id and c.deleted_at is null
    returning m.*, c.last_seq
  )
  select ${meJson('m.last_seq')} as me from m`;
}

const unreadSql = updateMe('read_seq = least(m.read_seq, $3::bigint)');
const patchSql = updateMe('level = coalesce($3, m.level), favourite = coalesce($4, m.favourite)');

async function oneMe(pool: pg.Pool, text: string, values: unknown[]): Promise<ConversationMe> {
  const { rows } = await pool.query<{ me: ConversationMe }>(text, values);
  if (!rows[0]) throw new ChatError('not_found');
  return rows[0].me;
}

/** Moves the own read position back; what the others saw stays. */
export function setUnread(pool: pg.Pool, userId: string, conversationId: string, seq: number): Promise<ConversationMe> {
  return oneMe(pool, unreadSql, [userId, conversationId, seq]);
}

export interface PatchMe {
  userId: string;
  conversationId: string;
  level?: Level;
  favourite?: boolean;
}

export function patchMe(pool: pg.Pool, { userId, conversationId, level, favourite }: PatchMe): Promise<ConversationMe> {
  return oneMe(pool, patchSql, [userId, conversationId, level, favourite]);
}
