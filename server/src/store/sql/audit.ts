import type { AuditEntry } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';

export interface AuditRecord {
  /** null: the installation itself. */
  actorId: string | null;
  /** `<target>.<what happened>`, such as `user.suspended`. */
  action: string;
  targetType?: NonNullable<AuditEntry['targetType']>;
  targetId?: string;
  address?: string;
  /** Never secrets, tokens or message bodies. */
  details?: Record<string, unknown>;
}

/** Writes one line of the audit log. */
export async function insertAudit(db: Db, record: AuditRecord): Promise<void> {
  await db.query('insert into audit_log (actor_id, action, target_type, target_id, address, details) values ($1, $2, $3, $4, $5, $6)', [
    record.actorId,
    record.action,
    record.targetType ?? null,
    record.targetId ?? null,
    record.address ?? null,
    JSON.stringify(record.details ?? {}),
  ]);
}

export interface AuditQuery {
  /** Only lines before this id. */
  before: number | null;
  actorId: string | null;
  targetId: string | null;
  limit: number;
}

/** Newest first. */
export async function listAudit(db: Db, query: AuditQuery): Promise<AuditEntry[]> {
  const { rows } = await db.query<{ entry: AuditEntry }>(
    `select jsonb_strip_nulls(jsonb_build_object('id', a.id::text, 'at', iso(a.at), 'actorId', a.actor_id, 'action', a.action,
       'targetType', a.target_type, 'targetId', a.target_id, 'address', a.address)) || jsonb_build_object('details', a.details) as entry
     from audit_log a
     where ($1::bigint is null or a.id < $1) and ($2::uuid is null or a.actor_id = $2) and ($3::uuid is null or a.target_id = $3)
     order by a.id desc limit $4`,
    [query.before, query.actorId, query.targetId, query.limit],
  );
  return rows.map((row) => row.entry);
}
