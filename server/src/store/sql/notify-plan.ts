import type pg from 'pg';
import type { Candidate, Notice } from '../../domain/notifications.ts';

export interface NotifyPage {
  /** Where the cursor stood. */
  fromXid: number;
  /** Where it goes when this page has been planned. */
  nextXid: number;
  candidates: Candidate[];
  /** More is waiting behind this page. */
  more: boolean;
}

/** What a person wants, as JSON of QuietTimes, from `notification_settings` n. */
export const quietJson = `jsonb_build_object('from', n.quiet_from, 'to', n.quiet_to, 'timeZone', n.time_zone,
  'untilMs', (extract(epoch from n.quiet_until) * 1000)::bigint)`;

const hasPush = `exists (
  select 1 from push_subscriptions p join sessions s on s.id = p.session_id and s.revoked_at is null and s.expires_at > now()
  where p.user_id = m.user_id offset 0)`;

const memberColumns = 'x.conversation_id, x.user_id, x.first_seq, x.read_seq, x.level';

/**
 * Batches by transaction, as the tail reads them: everything below the snapshot's xmin has ended, so nothing that commits
 * late is passed over. Only members who have something to gain are given: a channel of ten thousand of whom ten have a
 * device gives ten rows. Messages older than an hour are news to nobody.
 */
const pageSql = `
  with span as materialized (
    select k.xid as from_xid, pg_snapshot_xmin(pg_current_snapshot())::text::bigint as safe_xid from notify_cursor k
  ), begin as materialized (
    -- Above the snapshot only in a restored dump, whose transactions count from anew.
    select least(span.from_xid, span.safe_xid) as xid from span
  ), page as materialized (
    -- Not joined: for their order all batches were read from the first one on, ten minutes of them.
    select b.xid, b.conversation_ids, b.from_seqs, b.to_seqs from batches b
    where b.xid >= (select begin.xid from begin) and b.xid < (select span.safe_xid from span)
    order by b.xid fetch first $1 rows with ties
  ), extent as materialized (
    select count(*) >= $1 as more, max(xid) + 1 as behind from page
  ), messages as materialized (
    select e.conversation_id, e.seq, e.actor_id, e.data, c.kind, c.large
    from page b, unnest(b.conversation_ids, b.from_seqs, b.to_seqs) as r (conversation_id, from_seq, to_seq)
    -- "offset 0", here and below: joined, each page would read whole tables, as long as the planner takes that for cheaper.
    cross join lateral (
      select x.kind, x.routing = 'conversation' as large from conversations x
      where x.id = r.conversation_id and x.deleted_at is null offset 0
    ) c
    cross join lateral (
      select x.* from entries x where x.conversation_id = r.conversation_id and x.seq between r.from_seq and r.to_seq offset 0
    ) e
    where e.type = 'message' and not e.hidden and e.at > now() - interval '1 hour'
  ), told as materialized (
    -- In a large conversation those who are mentioned, unless all are.
    select e.conversation_id, bool_or(not e.large or e.data ? 'mentionAll') as everybody from messages e group by 1
  ), people as materialized (
    select m.* from told t cross join lateral (
      select ${memberColumns} from members x
      where x.conversation_id = t.conversation_id and x.left_at is null and x.level <> 'none' offset 0
    ) m where t.everybody
    union all
    select m.* from (
      select distinct e.conversation_id, (i.id #>> '{}')::uuid as user_id
      from messages e join told t on t.conversation_id = e.conversation_id and not t.everybody, jsonb_path_query(e.data, '$.mentions[*]') i (id)
    ) k cross join lateral (
      select ${memberColumns} from members x
      where x.conversation_id = k.conversation_id and x.user_id = k.user_id and x.left_at is null and x.level <> 'none' offset 0
    ) m
  ), reachable as materialized (
    select m.user_id, x.has_push, x.has_mail, ${quietJson} as quiet
    from (select distinct p.user_id from people p) m
    cross join lateral (
      select x.* from users x where x.id = m.user_id and x.deleted_at is null and x.suspended_at is null offset 0
    ) u
    left join lateral (select x.* from notification_settings x where x.user_id = m.user_id offset 0) n on true
    cross join lateral (
      select ${hasPush} as has_push, u.email is not null and u.email_verified_at is not null and coalesce(n.mail, true) as has_mail offset 0
    ) x
    where x.has_push or x.has_mail
  )
  -- Only as far as there were batches: moving the cursor is itself a transaction, and would never come to rest.
  select span.from_xid as "fromXid", coalesce(extent.behind, begin.xid) as "nextXid", extent.more, f.candidate
  from span cross join begin cross join extent left join lateral (
    select jsonb_build_object('conversationId', e.conversation_id, 'kind', e.kind, 'large', e.large, 'seq', e.seq, 'userId', m.user_id,
      'level', m.level, 'mentioned', x.mentioned, 'hasPush', r.has_push, 'hasMail', r.has_mail,
      'blocked', exists (select 1 from blocks b where b.user_id = m.user_id and b.blocked_id = e.actor_id), 'quiet', r.quiet) as candidate
    from reachable r
    join people m on m.user_id = r.user_id
    join messages e on e.conversation_id = m.conversation_id and e.actor_id <> m.user_id and e.seq >= m.first_seq and e.seq > m.read_seq
    cross join lateral (select e.data -> 'mentions' ? m.user_id::text is true or e.data ? 'mentionAll' as mentioned) x
    where (x.mentioned or not e.large) and (r.has_push or (r.has_mail and (x.mentioned or e.kind = 'direct')))
  ) f on true`;

interface Row {
  fromXid: number;
  nextXid: number;
  more: boolean;
  candidate: Candidate | null;
}

/** The next batches that nobody has planned for. */
export async function readNotifyPage(pool: pg.Pool, batches: number): Promise<NotifyPage> {
  const { rows } = await pool.query<Row>({ name: 'notify-page', text: pageSql, values: [batches] });
  const { fromXid, nextXid, more } = rows[0]!;
  return { fromXid, nextXid, more, candidates: rows.flatMap(({ candidate }) => (candidate === null ? [] : [candidate])) };
}

/** Compare and set: of two pods that read the same page one moves the cursor, and only its notices are written. */
const commitSql = `
  with moved as (update notify_cursor set xid = $2 where xid = $1 returning 1), written as (
    insert into notices as o (user_id, conversation_id, channel, first_seq, last_seq, mentioned, due_at)
    select i.user_id, i.conversation_id, i.channel, i.first_seq, i.last_seq, i.mentioned, clock_timestamp() + i.due * interval '1 millisecond'
    from unnest($3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::boolean[], $9::bigint[])
      as i (user_id, conversation_id, channel, first_seq, last_seq, mentioned, due)
    where exists (select 1 from moved)
    order by i.user_id, i.conversation_id, i.channel
    on conflict (user_id, conversation_id, channel) do update
    set last_seq = greatest(o.last_seq, excluded.last_seq), mentioned = o.mentioned or excluded.mentioned
  )
  select exists (select 1 from moved) as moved`;

/** False: another pod was faster; nothing was written. */
export async function commitNotifyPage(pool: pg.Pool, page: Pick<NotifyPage, 'fromXid' | 'nextXid'>, notices: Notice[]): Promise<boolean> {
  const { rows } = await pool.query<{ moved: boolean }>({
    name: 'notify-commit',
    text: commitSql,
    values: [
      page.fromXid,
      page.nextXid,
      notices.map((n) => n.userId),
      notices.map((n) => n.conversationId),
      notices.map((n) => n.channel),
      notices.map((n) => n.firstSeq),
      notices.map((n) => n.lastSeq),
      notices.map((n) => n.mentioned),
      notices.map((n) => Math.round(n.dueInMs)),
    ],
  });
  return rows[0]!.moved;
}
