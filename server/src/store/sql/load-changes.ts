import { ChatError, type ChangesPage, type Conversation, type Removed } from '@chatcluster/protocol';
import type pg from 'pg';
import { z } from 'zod';
import { isDataError } from '../errors.ts';
import { conversationJson } from './fragments.ts';

export interface ChangesQuery {
  userId: string;
  /** Absent: everything. */
  token?: string;
  limit: number;
}

interface Row {
  epoch: number;
  snapshot: string;
  reset: boolean;
  since: string | null;
  conversations: { at: string; conversation: Conversation }[] | null;
  removed: Removed[] | null;
}

const snapshot = z.string().regex(/^\d{1,19}:\d{1,19}:(\d{1,19}(,\d{1,19})*)?$/);
const tokenSchema = z.tuple([
  z.literal(1),
  z.number().int().min(0),
  /** Changes that this snapshot does not see are wanted; null: everything. */
  snapshot.nullable(),
  /** Between pages: the snapshot of the first page, and the last conversation given. */
  z.tuple([snapshot, z.iso.datetime({ precision: 3 }), z.uuid()]).nullable(),
]);
type Token = z.output<typeof tokenSchema>;

function parseToken(token: string | undefined): Token | null {
  if (token === undefined) return null;
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new ChatError('invalid', { details: [{ path: 'since', issue: 'not a token of this service' }], cause });
  }
}

function formatToken(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/**
 * A commit is seen by snapshot, not by time or number: one that started early and commits late is invisible to the
 * snapshot in the token, so it counts as changed the next time. A snapshot of the future is from before a restore.
 */
const sql = `
  with t as materialized (
    select i.epoch, pg_current_snapshot() as snapshot, u.usable,
      case when u.usable then $3::pg_snapshot end as since, case when u.usable then $4::timestamptz end as at, $5::uuid as id
    from installation i,
    lateral (select $2::bigint is null or ($2 = i.epoch and coalesce(pg_snapshot_xmax($3::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot()), true)) as usable) u
  ), mine as materialized (
    select m.conversation_id, c.last_at
    from t, members m join conversations c on c.id = m.conversation_id
    where m.user_id = $1 and m.left_at is null and c.deleted_at is null
      and (t.since is null or not pg_visible_in_snapshot(c.changed_xid::text::xid8, t.since)
        or not pg_visible_in_snapshot(m.changed_xid::text::xid8, t.since))
      and (t.at is null or (c.last_at, c.id) < (t.at, t.id))
    order by c.last_at desc, c.id desc limit $6 + 1
  )
  select t.epoch, t.snapshot::text, not t.usable as reset, t.since::text,
    (
      select jsonb_agg(jsonb_build_object('at', iso(c.last_at), 'conversation', ${conversationJson}) order by c.last_at desc, c.id desc)
      from mine join conversations c on c.id = mine.conversation_id join members m on m.conversation_id = c.id and m.user_id = $1
    ) as conversations,
    (
      select jsonb_agg(jsonb_build_object('conversationId', c.id, 'reason', coalesce(m.left_reason, 'deleted')))
      from members m join conversations c on c.id = m.conversation_id
      where t.since is not null and t.at is null and m.user_id = $1 and (
        (m.left_at is not null and not pg_visible_in_snapshot(m.changed_xid::text::xid8, t.since))
        or (m.left_at is null and c.deleted_at is not null and not pg_visible_in_snapshot(c.changed_xid::text::xid8, t.since)))
    ) as removed
  from t`;

/** What moved in an account, latest activity first; protocol.md 7. One statement, so one snapshot, per page. */
export async function loadChanges(pool: pg.Pool, { userId, token, limit }: ChangesQuery): Promise<ChangesPage> {
  const given = parseToken(token);
  const [first, at, id] = given?.[3] ?? [null, null, null];
  const row = await query(pool, [userId, given?.[1] ?? null, given?.[2] ?? null, at, id, limit]);
  const found = row.conversations ?? [];
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const more = found.length > limit;
  const base = row.reset || first === null ? row.snapshot : first;
  const page: ChangesPage = {
    conversations: shown.map((c) => c.conversation),
    removed: row.removed ?? [],
    next: formatToken(more && last ? [1, row.epoch, row.since, [base, last.at, last.conversation.id]] : [1, row.epoch, base, null]),
    more,
  };
  if (row.reset) page.reset = true;
  return page;
}

async function query(pool: pg.Pool, values: unknown[]): Promise<Row> {
  try {
    const { rows } = await pool.query<Row>({ name: 'load-changes', text: sql, values });
    return rows[0]!;
  } catch (error) {
    // Of the right form, but not a snapshot.
    throw isDataError(error) ? new ChatError('invalid', { cause: error }) : error;
  }
}
