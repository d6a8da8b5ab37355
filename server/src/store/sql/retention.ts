import type { RetentionDays, RetentionPreview } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';

export interface Purged {
  conversationId: string;
  /** The last seq that is gone. */
  to: number;
  messages: number;
}

/** The beginning of one conversation that is older than this; null: nothing is. */
export async function purgeEntries(db: Db, olderThanDays: number, limit: number): Promise<Purged | null> {
  const { rows } = await db.query<{ purged: Purged | null }>("select purge_entries(now() - $1 * interval '1 day', $2) as purged", [
    olderThanDays,
    limit,
  ]);
  return rows[0]!.purged;
}

/** At most `limit` lines; returns how many. */
export async function purgeAudit(db: Db, olderThanDays: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    "delete from audit_log where id in (select id from audit_log where at < now() - $1 * interval '1 day' order by at limit $2)",
    [olderThanDays, limit],
  );
  return rowCount ?? 0;
}

/** Current members, to be told. */
export async function listMemberIds(db: Db, conversationId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('select user_id as id from members where conversation_id = $1 and left_at is null', [
    conversationId,
  ]);
  return rows.map((row) => row.id);
}

/** The same, of conversations that have a rule of their own. */
export async function purgeRuledEntries(db: Db, limit: number): Promise<Purged | null> {
  const { rows } = await db.query<{ purged: Purged | null }>('select purge_ruled_entries($1) as purged', [limit]);
  return rows[0]!.purged;
}

export type StoredRetention = { [K in keyof RetentionDays]: number | null };

/** What administrators have set; null: nothing. */
export async function loadRetention(db: Db): Promise<StoredRetention> {
  const { rows } = await db.query<StoredRetention>(
    'select messages_days as "messagesDays", audit_days as "auditDays" from retention_settings where id = 1',
  );
  return rows[0]!;
}

/** With its line of the audit log. What is not given stays. */
export async function saveRetention(db: Db, adminId: string, patch: Partial<StoredRetention>): Promise<void> {
  await db.query(
    `with changed as (
       update retention_settings set messages_days = case when $2 then $3::integer else messages_days end,
         audit_days = case when $4 then $5::integer else audit_days end
       where id = 1
     )
     insert into audit_log (actor_id, action, details) values ($1, 'retention.changed', $6)`,
    [
      adminId,
      patch.messagesDays !== undefined,
      patch.messagesDays ?? null,
      patch.auditDays !== undefined,
      patch.auditDays ?? null,
      JSON.stringify(patch),
    ],
  );
}

/** With its line of the audit log. False: there is no such conversation. */
export async function saveConversationRetention(db: Db, adminId: string, conversationId: string, days: number | null): Promise<boolean> {
  const { rowCount } = await db.query(
    `with changed as (
       update conversations set retention_days = $3 where id = $2 and deleted_at is null returning id
     )
     insert into audit_log (actor_id, action, target_type, target_id, details)
     select $1, 'conversation.retention_changed', 'conversation', id, jsonb_build_object('days', $3::integer) from changed`,
    [adminId, conversationId, days],
  );
  return rowCount === 1;
}

/** What a purge with this age would take now, of one conversation or of those without a rule. Reads every entry that is that old. */
export async function previewRetention(db: Db, olderThanDays: number, conversationId: string | null): Promise<RetentionPreview> {
  const { rows } = await db.query<RetentionPreview>(
    `select count(*)::int as entries, count(*) filter (where e.type = 'message')::int as messages,
       count(distinct e.conversation_id)::int as conversations,
       (select count(*)::int from audit_log where $2::uuid is null and at < now() - $1 * interval '1 day') as "auditLines"
     from entries e join conversations c on c.id = e.conversation_id
     where e.at < now() - $1 * interval '1 day' and case when $2::uuid is null then c.retention_days is null else c.id = $2 end`,
    [olderThanDays, conversationId],
  );
  return rows[0]!;
}
