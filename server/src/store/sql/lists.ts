import { ChatError, type Member, type Reactor } from '@chatcluster/protocol';
import type pg from 'pg';
import { z } from 'zod';
import type { ChannelSummary, MessageReceipt, Page } from '../types.ts';
import type { Db } from './auth-keys.ts';
import { memberJson } from './fragments.ts';

export interface ListQuery {
  cursor?: string;
  limit: number;
}

const cursorSchema = z.tuple([z.string().max(200), z.uuid()]);

function parseCursor(cursor: string | undefined): [string | null, string | null] {
  if (cursor === undefined) return [null, null];
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new ChatError('invalid', { details: [{ path: 'cursor', issue: 'not a cursor of this list' }], cause });
  }
}

/** Rows carry their position in the list (`at`, `id`); one row more than `limit` was asked for. */
function toPage<T>(rows: { at: string; id: string; item: T }[], limit: number): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map((r) => r.item),
    nextCursor: last ? Buffer.from(JSON.stringify([last.at, last.id])).toString('base64url') : null,
  };
}

const membersSql = `
  select '' as at, o.user_id as id, ${memberJson} as item
  from members o
  where o.conversation_id = $1 and o.left_at is null and ($2::uuid is null or o.user_id > $2)
  order by o.user_id limit $3 + 1`;

export async function listMembers(pool: pg.Pool, conversationId: string, { cursor, limit }: ListQuery): Promise<Page<Member>> {
  const [, after] = parseCursor(cursor);
  const { rows } = await pool.query<{ at: string; id: string; item: Member }>(membersSql, [conversationId, after, limit]);
  return toPage(rows, limit);
}

const channelsSql = `
  select lower(c.title) as at, c.id, jsonb_strip_nulls(jsonb_build_object('id', c.id, 'title', c.title, 'topic', c.topic,
    'memberCount', c.member_count, 'createdAt', iso(c.created_at), 'joined', m.user_id is not null)) as item
  from conversations c
  left join members m on m.conversation_id = c.id and m.user_id = $1 and m.left_at is null
  where c.kind = 'channel' and c.deleted_at is null and not c.archived and strpos(lower(c.title), lower($2)) > 0
    and ($3::text is null or (lower(c.title), c.id) > ($3, $4::uuid))
  order by lower(c.title), c.id limit $5 + 1`;

/** Channels of the installation by a part of their title; archived ones are left out. */
export async function browseChannels(db: Db, userId: string, q: string, { cursor, limit }: ListQuery): Promise<Page<ChannelSummary>> {
  const [at, id] = parseCursor(cursor);
  const { rows } = await db.query<{ at: string; id: string; item: ChannelSummary }>(channelsSql, [userId, q, at, id, limit]);
  return toPage(rows, limit);
}

/** From the members on, whatever the plan: the other way round it reads all conversations of the installation. */
const largeSql = `
  select u.id as "userId", array(
    select m.conversation_id::text from members m
    where m.user_id = u.id and m.left_at is null and exists (
      select 1 from conversations c where c.id = m.conversation_id and c.routing = 'conversation' and c.deleted_at is null offset 0)) as ids
  from unnest($1::uuid[]) as u (id)`;

/** The conversations that are routed by conversation, of each of these users. */
export async function listLargeConversations(pool: pg.Pool, userIds: string[]): Promise<(userId: string) => string[]> {
  const { rows } = await pool.query<{ userId: string; ids: string[] }>(largeSql, [userIds]);
  const found = new Map(rows.map(({ userId, ids }) => [userId, ids]));
  return (userId) => found.get(userId) ?? [];
}

const sharesSql = `
  select distinct o.user_id as id
  from members m
  join conversations c on c.id = m.conversation_id and c.deleted_at is null
  join members o on o.conversation_id = m.conversation_id and o.left_at is null
  where m.user_id = $1 and m.left_at is null and o.user_id = any ($2::uuid[])
    and not exists (
      select 1 from blocks b
      where (b.user_id = $1 and b.blocked_id = o.user_id) or (b.user_id = o.user_id and b.blocked_id = $1)
    )`;

/** Those of `otherIds` with whom the user shares a conversation of any size, and with neither having blocked the other. */
export async function sharesConversation(pool: pg.Pool, userId: string, otherIds: string[]): Promise<string[]> {
  if (otherIds.length === 0) return [];
  const { rows } = await pool.query<{ id: string }>(sharesSql, [userId, otherIds]);
  return rows.map((r) => r.id);
}

const peersSql = `
  select distinct o.user_id as id
  from members m
  join conversations c on c.id = m.conversation_id and c.deleted_at is null and c.member_count <= 100
  join members o on o.conversation_id = m.conversation_id and o.left_at is null
  where m.user_id = $1 and m.left_at is null and o.user_id <> $1`;

/** Everybody who shares a conversation of up to 100 members. */
export async function listPeers(pool: pg.Pool, userId: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(peersSql, [userId]);
  return rows.map((r) => r.id);
}

const reactorsSql = `
  select iso(r.created_at) as at, r.user_id as id, jsonb_build_object('userId', r.user_id, 'at', iso(r.created_at)) as item
  from reactions r
  where r.conversation_id = $1 and r.message_id = $2 and r.emoji = $3
    and ($4::text is null or (iso(r.created_at), r.user_id) > ($4, $5::uuid))
  order by r.created_at, r.user_id limit $6 + 1`;

export interface ReactorsOf {
  conversationId: string;
  messageId: string;
  emoji: string;
}

/** Who reacted with one emoji, the first one first. */
export async function listReactors(db: Db, of: ReactorsOf, { cursor, limit }: ListQuery): Promise<Page<Reactor>> {
  const [at, id] = parseCursor(cursor);
  const values = [of.conversationId, of.messageId, of.emoji, at, id, limit];
  const { rows } = await db.query<{ at: string; id: string; item: Reactor }>(reactorsSql, values);
  return toPage(rows, limit);
}

const receiptsSql = `
  select m.user_id as "userId", m.delivered_seq >= e.seq as delivered, m.receipt_seq >= e.seq as read
  from entries e left join members m on m.conversation_id = e.conversation_id and m.left_at is null
    and m.user_id <> e.actor_id and m.first_seq <= e.seq
  where e.conversation_id = $1 and e.id = $2 and e.type = 'message'
  order by m.user_id`;

/** Of the other members who may read it. null: no such message. */
export async function messageReceipts(pool: pg.Pool, conversationId: string, messageId: string): Promise<MessageReceipt[] | null> {
  const { rows } = await pool.query<MessageReceipt | { userId: null }>(receiptsSql, [conversationId, messageId]);
  if (rows.length === 0) return null;
  return rows.filter((r): r is MessageReceipt => r.userId !== null);
}
