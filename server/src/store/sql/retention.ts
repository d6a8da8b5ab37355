import type { RetentionPreview } from '@chatcluster/protocol';
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

/** What a purge with this age would take now. Reads every entry that is that old. */
export async function previewRetention(db: Db, olderThanDays: number): Promise<RetentionPreview> {
  const { rows } = await db.query<RetentionPreview>(
    `select count(*)::int as entries, count(*) filter (where e.type = 'message')::int as messages,
       count(distinct e.conversation_id)::int as conversations,
       (select count(*)::int from audit_log where at < now() - $1 * interval '1 day') as "auditLines"
     from entries e where e.at < now() - $1 * interval '1 day'`,
    [olderThanDays],
  );
  return rows[0]!;
}
