import type pg from 'pg';
import type { Channel, DueNotice } from '../../domain/notifications.ts';
import { quietJson } from './notify-plan.ts';

export type ClaimedNotice = DueNotice & {
  userId: string;
  conversationId: string;
  mentioned: boolean;
};

/** What was claimed by a pod that died is due again after the lease. */
const claimSql = `
  with due as materialized (
    select o.user_id, o.conversation_id, o.channel from notices o where o.due_at <= clock_timestamp()
    order by o.due_at limit $1 for update skip locked
  ), o as (
    update notices o set lease = $2, due_at = clock_timestamp() + $3 * interval '1 millisecond'
    from due where o.user_id = due.user_id and o.conversation_id = due.conversation_id and o.channel = due.channel
    returning o.*
  )
  select o.user_id as "userId", o.conversation_id as "conversationId", o.channel, o.last_seq as "lastSeq", o.mentioned,
    case when c.id is not null then m.read_seq end as "readSeq", coalesce(m.level, 'none') as level, ${quietJson} as quiet
  from o
  left join conversations c on c.id = o.conversation_id and c.deleted_at is null
  left join members m on m.conversation_id = o.conversation_id and m.user_id = o.user_id and m.left_at is null
  left join notification_settings n on n.user_id = o.user_id`;

export async function claimNotices(pool: pg.Pool, claim: { limit: number; lease: string; leaseMs: number }): Promise<ClaimedNotice[]> {
  const { rows } = await pool.query<ClaimedNotice>({
    name: 'claim-notices',
    text: claimSql,
    values: [claim.limit, claim.lease, claim.leaseMs],
  });
  return rows;
}

/**
 * One transaction: the notices go, and the jobs that tell people come; a crash leaves either. A notice to which a message was
 * added meanwhile stays, and is due again at once.
 */
const settleSql = `
  with given as materialized (
    select * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::boolean[], $7::boolean[])
      as i (user_id, conversation_id, channel, last_seq, mentioned, tell)
  ), gone as (
    delete from notices o using given i
    where o.user_id = i.user_id and o.conversation_id = i.conversation_id and o.channel = i.channel
      and o.lease = $1 and o.last_seq = i.last_seq
    returning o.user_id, o.conversation_id, o.channel, o.last_seq, i.mentioned, i.tell
  ), again as (
    update notices o set due_at = clock_timestamp(), lease = null from given i
    where o.user_id = i.user_id and o.conversation_id = i.conversation_id and o.channel = i.channel
      and o.lease = $1 and o.last_seq <> i.last_seq
  ), pushes as (
    insert into jobs (kind, payload)
    select 'push', jsonb_build_object('subscriptionId', p.id, 'conversationId', g.conversation_id, 'lastSeq', g.last_seq, 'mentioned', g.mentioned)
    from gone g
    join push_subscriptions p on p.user_id = g.user_id
    join sessions s on s.id = p.session_id and s.revoked_at is null and s.expires_at > now()
    where g.tell and g.channel = 'push'
  )
  insert into jobs (kind, key, payload)
  select 'missed-mail', g.user_id::text,
    jsonb_build_object('userId', g.user_id, 'conversationIds', jsonb_agg(g.conversation_id))
  from gone g where g.tell and g.channel = 'mail' group by g.user_id
  on conflict (kind, key) where failed_at is null and key is not null do nothing`;

/** `tell`: whether a job is to be made of it. */
export async function settleNotices(pool: pg.Pool, lease: string, notices: (ClaimedNotice & { tell: boolean })[]): Promise<void> {
  if (notices.length === 0) return;
  await pool.query({
    name: 'settle-notices',
    text: settleSql,
    values: [
      lease,
      notices.map((n) => n.userId),
      notices.map((n) => n.conversationId),
      notices.map((n): Channel => n.channel),
      notices.map((n) => n.lastSeq),
      notices.map((n) => n.mentioned),
      notices.map((n) => n.tell),
    ],
  });
}

/** What a push says: the newest message that the person has not read, and how many there are. */
export interface PushFacts {
  endpoint: string;
  p256dh: string;
  auth: string;
  userId: string;
  kind: 'direct' | 'group' | 'channel';
  title: string | null;
  previews: boolean;
  unread: number;
  mentioned: boolean;
  seq: number;
  messageId: string;
  body: string;
  actorName: string;
}

/** At most this many are counted: "99+". */
const COUNTED = 100;

const factsSql = `
  select p.endpoint, p.p256dh, p.auth, p.user_id as "userId", c.kind, c.title, coalesce(n.previews, true) as previews,
    e.seq, e.id as "messageId", coalesce(t.body, e.data ->> 'body', '') as body, a.display_name as "actorName",
    e.data -> 'mentions' ? p.user_id::text is true or e.data ? 'mentionAll' as mentioned,
    (
      select count(*)::int from (
        select 1 from entries x where x.conversation_id = c.id and x.seq > greatest(m.read_seq, m.first_seq - 1)
          and x.type = 'message' and not x.hidden and x.actor_id <> m.user_id
          and x.actor_id <> all (array(select b.blocked_id from blocks b where b.user_id = m.user_id))
        limit ${COUNTED}
      ) counted
    ) as unread
  from push_subscriptions p
  join sessions s on s.id = p.session_id and s.revoked_at is null and s.expires_at > now()
  join members m on m.conversation_id = $2 and m.user_id = p.user_id and m.left_at is null and m.level <> 'none'
  join conversations c on c.id = m.conversation_id and c.deleted_at is null
  left join notification_settings n on n.user_id = p.user_id
  cross join lateral (
    select x.* from entries x where x.conversation_id = c.id and x.seq > greatest(m.read_seq, m.first_seq - 1)
      and x.type = 'message' and not x.hidden and x.actor_id <> m.user_id
      and x.actor_id <> all (array(select b.blocked_id from blocks b where b.user_id = m.user_id))
    order by x.seq desc limit 1
  ) e
  join users a on a.id = e.actor_id
  left join message_state t on t.conversation_id = e.conversation_id and t.message_id = e.id
  where p.id = $1`;

/** null: there is nothing to tell any more. */
export async function loadPushFacts(
  pool: Pick<pg.Pool, 'query'>,
  subscriptionId: string,
  conversationId: string,
): Promise<PushFacts | null> {
  const { rows } = await pool.query<PushFacts>({ name: 'push-facts', text: factsSql, values: [subscriptionId, conversationId] });
  return rows[0] ?? null;
}
