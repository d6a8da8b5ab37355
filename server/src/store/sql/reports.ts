import type { Report, ReportStatus } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';

const reportJson = `jsonb_strip_nulls(jsonb_build_object('id', r.id, 'reporterId', r.reporter_id, 'userId', r.user_id,
  'conversationId', r.conversation_id, 'messageId', r.message_id, 'body', r.body, 'reason', r.reason, 'status', r.status,
  'createdAt', iso(r.created_at), 'resolvedAt', iso(r.resolved_at), 'resolvedBy', r.resolved_by, 'note', r.note))`;

/** A message that the reporter may (or might once) read. */
export interface ReportedMessage {
  conversationId: string;
  userId: string;
  body: string;
}

/** Without the conversation it is looked for in all of the reporter's, one index look-up each. */
export async function findReadable(
  db: Db,
  readerId: string,
  messageId: string,
  conversationId: string | undefined,
): Promise<ReportedMessage | null> {
  const { rows } = await db.query<ReportedMessage>(
    `select e.conversation_id as "conversationId", e.actor_id as "userId", coalesce(s.body, e.data ->> 'body') as body
     from members m
     join conversations c on c.id = m.conversation_id and c.deleted_at is null
     cross join lateral (
       select * from entries e where e.conversation_id = m.conversation_id and e.id = $2 and e.type = 'message' limit 1
     ) e
     left join message_state s on s.conversation_id = e.conversation_id and s.message_id = e.id
     where m.user_id = $1 and ($3::uuid is null or m.conversation_id = $3)
       and e.seq >= m.first_seq and e.seq <= coalesce(m.last_readable_seq, e.seq)
     limit 1`,
    [readerId, messageId, conversationId ?? null],
  );
  return rows[0] ?? null;
}

export interface NewReport {
  id: string;
  reporterId: string;
  userId: string;
  conversationId: string | undefined;
  messageId: string | undefined;
  body: string | undefined;
  reason: string;
  /** More of the same reporter within an hour are refused. */
  maxPerHour: number;
}

export type ReportResult = { status: 'created' | 'duplicate'; id: string } | { status: 'too_many' };

/** The same thing is reported once by one person while the report is open. */
export async function insertReport(db: Db, report: NewReport): Promise<ReportResult> {
  const values = [report.id, report.reporterId, report.userId, report.conversationId ?? null, report.messageId ?? null];
  const { rowCount } = await db.query(
    `insert into reports (id, reporter_id, user_id, conversation_id, message_id, body, reason)
     select $1, $2, $3, $4, $5, $6, $7
     where (select count(*) from reports r where r.reporter_id = $2 and r.created_at > now() - interval '1 hour') < $8
     on conflict do nothing`,
    [...values, report.body ?? null, report.reason, report.maxPerHour],
  );
  if (rowCount === 1) return { status: 'created', id: report.id };
  const { rows } = await db.query<{ id: string }>(
    `select id from reports where reporter_id = $1 and coalesce(message_id, user_id) = $2 and status = 'open'`,
    [report.reporterId, report.messageId ?? report.userId],
  );
  return rows[0] ? { status: 'duplicate', id: rows[0].id } : { status: 'too_many' };
}

export interface ReportQuery {
  status: ReportStatus | null;
  /** The last report of the page before. */
  after: { at: string; id: string } | null;
  limit: number;
}

/** Newest first. */
export async function listReports(db: Db, { status, after, limit }: ReportQuery): Promise<Report[]> {
  const { rows } = await db.query<{ report: Report }>(
    `select ${reportJson} as report from reports r
     where ($1::text is null or r.status = $1) and ($2::timestamptz is null or (r.created_at, r.id) < ($2, $3::uuid))
     order by r.created_at desc, r.id desc limit $4`,
    [status, after?.at ?? null, after?.id ?? null, limit],
  );
  return rows.map((row) => row.report);
}

export interface Resolution {
  id: string;
  status: ReportStatus;
  note: string | undefined;
  adminId: string;
}

/** Closes a report, or opens it again. The audit log has it in the same statement. null: no such report. */
export async function resolveReport(db: Db, { id, status, note, adminId }: Resolution): Promise<Report | null> {
  const { rows } = await db.query<{ report: Report }>(
    `with r as (
       update reports set status = $2, note = coalesce($3, note), resolved_by = case when $2 <> 'open' then $4::uuid end,
         resolved_at = case when $2 <> 'open' then now() end
       where id = $1 returning *
     ), logged as (
       insert into audit_log (actor_id, action, target_type, target_id)
       select $4, 'report.' || case $2 when 'open' then 'reopened' else $2 end, 'report', r.id from r
     )
     select ${reportJson} as report from r`,
    [id, status, note ?? null, adminId],
  );
  return rows[0]?.report ?? null;
}
