import { ChatError, type ConversationMe, type Level } from '@chatcluster/protocol';
import type pg from 'pg';
import type { ReadMoved } from '../types.ts';
import { meJson } from './fragments.ts';

interface Positions {
  delivered?: number;
  read?: number;
}

export interface SetRead extends Positions {
  userId: string;
  conversationId: string;
}

/** Positions only ever move on: of two the further one of each. */
export function furthest(a: Positions, b: Positions): Positions {
  const delivered = Math.max(a.delivered ?? 0, b.delivered ?? 0);
  const read = Math.max(a.read ?? 0, b.read ?? 0);
  return { ...(delivered > 0 && { delivered }), ...(read > 0 && { read }) };
}

interface Row {
  userId: string;
  conversationId: string;
  moved: boolean;
  delivered: number | null;
  read: number | null;
  me: ConversationMe;
}

/** Reading implies delivery. `old` is locked, so two devices cannot both believe that they moved it. */
const sql = (lock: string) => `
  with old as materialized (
    -- least() passes over nulls: what is not asked for is 0.
    select m.*, least(greatest(i.delivered, i.read, 0), c.last_seq) as to_delivered, least(coalesce(i.read, 0), c.last_seq) as to_read, c.last_seq
    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) as i (user_id, conversation_id, delivered, read)
    join members m on m.conversation_id = i.conversation_id and m.user_id = i.user_id
    join conversations c on c.id = m.conversation_id
    where m.left_at is null and c.deleted_at is null
    for no key update of m ${lock}
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
  select m.user_id as "userId", m.conversation_id as "conversationId", m.read_seq > m.old_read as moved,
    case when m.delivered_seq > m.old_delivered then m.delivered_seq end as delivered,
    case when m.receipt_seq > m.old_receipt then m.receipt_seq end as read,
    ${meJson('m.last_seq')} as me
  from m`;

const statements = { free: { name: 'set-reads', text: sql('skip locked') }, all: { name: 'set-read', text: sql('') } };

const keyOf = ({ userId, conversationId }: Pick<SetRead, 'userId' | 'conversationId'>) => `${userId} ${conversationId}`;

/** @param which `free`: rows that somebody else has locked are left out, and not waited for. */
async function write(pool: pg.Pool, which: keyof typeof statements, changes: SetRead[]): Promise<Map<string, ReadMoved>> {
  const values = [
    changes.map((change) => change.userId),
    changes.map((change) => change.conversationId),
    changes.map((change) => change.delivered ?? null),
    changes.map((change) => change.read ?? null),
  ];
  const { rows } = await pool.query<Row>({ ...statements[which], values });
  return new Map(
    rows.map((row) => [keyOf(row), { moved: row.moved, delivered: row.delivered ?? undefined, read: row.read ?? undefined, me: row.me }]),
  );
}

/**
 * Of many people in one transaction: with a commit for each, positions would be most of what Postgres has to do. Undefined: not a member,
 * or somebody else has locked it (another device, a change of the membership), for whom nobody else is to wait; see `setRead`.
 */
export async function setReads(pool: pg.Pool, changes: SetRead[]): Promise<(change: SetRead) => ReadMoved | undefined> {
  const wanted = new Map<string, SetRead>();
  for (const change of changes) wanted.set(keyOf(change), { ...change, ...furthest(wanted.get(keyOf(change)) ?? {}, change) });
  const moved = await write(pool, 'free', [...wanted.values()]);
  return (change) => moved.get(keyOf(change));
}

/** Monotonic, clamped to the last seq. null: not a member. */
export async function setRead(pool: pg.Pool, change: SetRead): Promise<ReadMoved | null> {
  return (await write(pool, 'all', [change])).get(keyOf(change)) ?? null;
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
