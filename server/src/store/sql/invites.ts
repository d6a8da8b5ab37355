import type { InvitePreview } from '@chatcluster/protocol';
import type pg from 'pg';
import { uuidV7 } from '../../ids.ts';
import type { MembershipChanged } from '../types.ts';

export interface InviteRow {
  code: string;
  createdBy: string;
  createdAt: string;
  expiresAt: string;
  maxUses: number | null;
  uses: number;
}

const columns = `i.code, i.created_by as "createdBy", iso(i.created_at) as "createdAt", iso(i.expires_at) as "expiresAt",
  i.max_uses as "maxUses", i.uses`;

/** Still good for somebody. */
const open = 'i.revoked_at is null and i.expires_at > clock_timestamp() and (i.max_uses is null or i.uses < i.max_uses)';

export interface NewInvite {
  conversationId: string;
  createdBy: string;
  code: string;
  expiresInSeconds: number;
  maxUses: number | null;
  clientId: string | null;
}

const insertSql = `
  with made as (
    insert into invites as i (id, conversation_id, code, created_by, expires_at, max_uses, client_id)
    values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5), $6, $7)
    on conflict (conversation_id, created_by, client_id) do nothing
    returning i.*
  )
  select ${columns} from made i
  union all
  select ${columns} from invites i where i.conversation_id = $2 and i.created_by = $4 and i.client_id = $7`;

/** Idempotent by (conversationId, createdBy, clientId). */
export async function insertInvite(pool: pg.Pool, invite: NewInvite): Promise<InviteRow> {
  const { conversationId, code, createdBy, expiresInSeconds, maxUses, clientId } = invite;
  const values = [uuidV7(), conversationId, code, createdBy, expiresInSeconds, maxUses, clientId];
  const { rows } = await pool.query<InviteRow>(insertSql, values);
  // Two at once with one clientId: the second sees the row of the first only in its next statement.
  return rows[0] ?? (await pool.query<InviteRow>(insertSql, values)).rows[0]!;
}

/** Those that are still good, the newest first. */
export async function listInvites(pool: pg.Pool, conversationId: string): Promise<InviteRow[]> {
  const { rows } = await pool.query<InviteRow>(
    `select ${columns} from invites i where i.conversation_id = $1 and ${open} order by i.created_at desc, i.id desc limit 100`,
    [conversationId],
  );
  return rows;
}

/** False: there is no such invite. */
export async function revokeInvite(pool: pg.Pool, conversationId: string, code: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    'update invites set revoked_at = coalesce(revoked_at, clock_timestamp()) where conversation_id = $1 and code = $2',
    [conversationId, code],
  );
  return rowCount === 1;
}

const previewSql = `
  select jsonb_strip_nulls(jsonb_build_object('kind', c.kind, 'title', c.title, 'topic', c.topic, 'memberCount', c.member_count,
    'invitedBy', u.display_name, 'expiresAt', iso(i.expires_at))) as preview
  from invites i join conversations c on c.id = i.conversation_id and c.deleted_at is null and not c.archived
  left join users u on u.id = i.created_by and u.deleted_at is null
  where i.code = $1 and ${open}`;

/** What the holder of the link may know before coming in; undefined: it is no good any more. */
export async function previewInvite(pool: pg.Pool, code: string): Promise<InvitePreview | undefined> {
  const { rows } = await pool.query<{ preview: InvitePreview }>(previewSql, [code]);
  return rows[0]?.preview;
}

export type InviteAccepted =
  | (MembershipChanged & { status: 'changed'; id: string })
  | { status: 'unchanged'; id: string }
  /** No such code; revoked, expired or used up; full. */
  | { status: 'missing' | 'spent' | 'archived' | 'full' };

export async function acceptInvite(pool: pg.Pool, code: string, userId: string, maxMembers: number): Promise<InviteAccepted> {
  const { rows } = await pool.query<{ result: InviteAccepted }>('select accept_invite($1, $2, $3, $4) as result', [
    code,
    userId,
    uuidV7(),
    maxMembers,
  ]);
  return rows[0]!.result;
}
