import type { AdminConversation, AdminStats, AdminUser } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';

export interface AdminListQuery {
  text: string;
  /** The last one of the page before, by when it was made. */
  after: { at: string; id: string } | null;
  limit: number;
}

const userJson = `jsonb_strip_nulls(jsonb_build_object('id', u.id, 'displayName', u.display_name, 'avatarUrl', u.avatar_url,
  'statusText', u.status_text, 'guest', u.guest, 'email', u.email, 'admin', u.admin, 'createdAt', iso(u.created_at),
  'lastSeenAt', iso(u.last_seen_at), 'suspendedAt', iso(u.suspended_at),
  'sessions', (select count(*) from sessions s where s.user_id = u.id and s.revoked_at is null and s.expires_at > now())))`;

const escapeLike = (text: string) =>
  text
    .trim()
    .toLowerCase()
    .replace(/[\\%_]/g, (c) => `\\${c}`);

/** People, the newest first, by a part of the name or the address; bots have a list of their own. Reads the table: fine for an administrator. */
export async function listUsersForAdmin(db: Db, query: AdminListQuery & { suspended: boolean | null }): Promise<AdminUser[]> {
  const { rows } = await db.query<{ user: AdminUser }>(
    `select ${userJson} as user from users u
     where u.deleted_at is null and u.bot is null and ($5::boolean is null or (u.suspended_at is not null) = $5)
       and (lower(u.display_name) like '%' || $1 || '%' or lower(u.email) like '%' || $1 || '%')
       and ($2::timestamptz is null or (date_trunc('milliseconds', u.created_at), u.id) < ($2, $3::uuid))
     order by date_trunc('milliseconds', u.created_at) desc, u.id desc limit $4`,
    [escapeLike(query.text), query.after?.at ?? null, query.after?.id ?? null, query.limit, query.suspended],
  );
  return rows.map((row) => row.user);
}

export interface AdminUserPatch {
  userId: string;
  adminId: string;
  suspended: boolean | undefined;
  admin: boolean | undefined;
  reason: string | undefined;
}

/** With its lines of the audit log in the same statement; nothing is logged that was so already. null: no such person. */
export async function patchUserAsAdmin(db: Db, patch: AdminUserPatch): Promise<AdminUser | null> {
  const { rows } = await db.query<{ user: AdminUser }>(
    `with old as (
       select u.id, u.suspended_at is not null as suspended, u.admin from users u where u.id = $1 and u.deleted_at is null for no key update
     ), u as (
       update users u set admin = coalesce($4, u.admin),
         suspended_at = case when $3::boolean is null then u.suspended_at when $3 then coalesce(u.suspended_at, now()) end
       from old where u.id = old.id returning u.*
     ), logged as (
       insert into audit_log (actor_id, action, target_type, target_id, details)
       select $2, x.action, 'user', old.id, jsonb_strip_nulls(jsonb_build_object('reason', $5::text))
       from old, lateral (
         select case when $3 then 'user.suspended' else 'user.unsuspended' end as action where $3 <> old.suspended
         union all
         select case when $4 then 'user.admin_granted' else 'user.admin_revoked' end where $4 <> old.admin
       ) x
     )
     select ${userJson} as user from u`,
    [patch.userId, patch.adminId, patch.suspended ?? null, patch.admin ?? null, patch.reason ?? null],
  );
  return rows[0]?.user ?? null;
}

/** Whether this person may administer the installation. */
export async function isAdmin(db: Db, userId: string): Promise<boolean> {
  const { rowCount } = await db.query('select 1 from users where id = $1 and admin and deleted_at is null and suspended_at is null', [
    userId,
  ]);
  return rowCount === 1;
}

/** Without what is said in them; direct ones have no title. */
export async function listConversationsForAdmin(
  db: Db,
  { text, after, limit, ruled }: AdminListQuery & { ruled: boolean },
): Promise<AdminConversation[]> {
  const { rows } = await db.query<{ conversation: AdminConversation }>(
    `select jsonb_strip_nulls(jsonb_build_object('id', c.id, 'kind', c.kind, 'title', c.title, 'memberCount', c.member_count,
       'lastSeq', c.last_seq, 'createdAt', iso(c.created_at), 'lastAt', iso(c.last_at), 'archived', nullif(c.archived, false),
       'retentionDays', c.retention_days)) as conversation
     from conversations c
     where c.deleted_at is null and (not $5 or c.retention_days is not null) and ($1 = '' or lower(c.title) like '%' || $1 || '%')
       and ($2::timestamptz is null or (c.created_at, c.id) < ($2, $3::uuid))
     order by c.created_at desc, c.id desc limit $4`,
    [escapeLike(text), after?.at ?? null, after?.id ?? null, limit, ruled],
  );
  return rows.map((row) => row.conversation);
}

/** Entries are estimated: counting them would read everything. */
export async function loadTotals(db: Db): Promise<Omit<AdminStats, 'pods'>> {
  const { rows } = await db.query<{ totals: Omit<AdminStats, 'pods'> }>(
    `select jsonb_build_object('at', iso(clock_timestamp()), 'users', u.users, 'guests', u.guests, 'suspended', u.suspended,
       'conversations', (select count(*) from conversations where deleted_at is null),
       'openReports', (select count(*) from reports where status = 'open'),
       'entries', (
         select coalesce(sum(pg_stat_get_live_tuples(i.inhrelid)), 0)::bigint from pg_inherits i where i.inhparent = 'entries'::regclass
       )) as totals
     from (
       select count(*) filter (where not guest) as users, count(*) filter (where guest) as guests,
         count(*) filter (where suspended_at is not null) as suspended
       from users where deleted_at is null and bot is null
     ) u`,
  );
  return rows[0]!.totals;
}
