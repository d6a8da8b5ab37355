import { ChatError, type Message, type PinnedPage, type ThreadPage } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import { messageJson } from './fragments.ts';
import { checkReadable } from './load-history.ts';

interface Row {
  kind: string;
  member: 'current' | 'former' | 'never';
  root?: Message | null;
  messages: Message[] | null;
  as_of: number;
}

const noMessage = () => new ChatError('not_found', { message: 'There is no such message here.' });

/** Who reads ($1), where ($2), from which seq on. */
const access = `
  select c.id, c.kind, m.first_seq as lower, c.last_seq as upper,
    case when m.user_id is null then 'never' when m.left_at is null then 'current' else 'former' end as member
  from conversations c left join members m on m.conversation_id = c.id and m.user_id = $1
  where c.id = $2 and c.deleted_at is null`;

/** What answers the message $3, by the words of the index: a reply belongs to the thread of what it answers. */
const isReply = `e.conversation_id = $2 and e.type = 'message' and (e.data ? 'threadRoot' or e.data ? 'replyTo')
  and coalesce(e.data ->> 'threadRoot', e.data ->> 'replyTo') = $3::uuid::text`;

const threadSql = `
  with access as materialized (${access}), picked as materialized (
    select p.* from access a, lateral (
      (select e.* from entries e where ${isReply} and e.seq >= a.lower and e.seq < $4::bigint order by e.seq desc limit $5)
      union all
      (select e.* from entries e where ${isReply} and e.seq >= a.lower and e.seq >= $4::bigint order by e.seq limit $6)
    ) p where a.member = 'current'
  )
  select a.kind, a.member, a.upper as as_of, (
      select ${messageJson('$1')} from entries e
      where e.conversation_id = $2 and e.id = $3::uuid and e.type = 'message' and e.seq >= a.lower and a.member = 'current'
    ) as root, (select jsonb_agg(${messageJson('$1')} order by e.seq) from picked e) as messages
  from access a`;

export interface ThreadQuery {
  userId: string;
  conversationId: string;
  /** The message whose answers are wanted. */
  rootId: string;
  before?: number;
  after?: number;
  limit: number;
}

/** The answers to one message, ascending: the newest page, or the one before or after a seq. */
export async function loadThread(db: Db, query: ThreadQuery): Promise<ThreadPage> {
  const { userId, conversationId, rootId, before, after, limit } = query;
  const anchor = after === undefined ? (before ?? Number.MAX_SAFE_INTEGER) : after + 1;
  const [older, newer] = after === undefined ? [limit + 1, 0] : [0, limit + 1];
  const values = [userId, conversationId, rootId, anchor, older, newer];
  const { rows } = await db.query<Row>({ name: 'load-thread', text: threadSql, values });
  const row = rows[0];
  checkReadable(row);
  if (!row.root) throw noMessage();
  const found = row.messages ?? [];
  const hasMore = found.length > limit;
  const messages = after === undefined ? found.slice(-limit) : found.slice(0, limit);
  return {
    root: row.root,
    messages,
    hasBefore: after === undefined && hasMore,
    hasAfter: after === undefined ? before !== undefined : hasMore,
    asOf: row.as_of,
  };
}

const pinnedSql = `
  with access as materialized (${access})
  select a.kind, a.member, a.upper as as_of, (
      select jsonb_agg(${messageJson('$1')} order by p.pinned_at desc, e.seq desc)
      from (
        select s.message_id, s.pinned_at from message_state s
        where s.conversation_id = $2 and s.pinned_at is not null order by s.pinned_at desc limit $3
      ) p cross join lateral (
        select x.* from entries x where x.conversation_id = $2 and x.id = p.message_id and x.seq >= a.lower offset 0
      ) e
      where a.member = 'current'
    ) as messages
  from access a`;

/** What is pinned and may be read, the latest pin first. */
export async function loadPinned(db: Db, userId: string, conversationId: string, limit: number): Promise<PinnedPage> {
  const { rows } = await db.query<Row>({ name: 'load-pinned', text: pinnedSql, values: [userId, conversationId, limit] });
  const row = rows[0];
  checkReadable(row);
  return { messages: row.messages ?? [], asOf: row.as_of };
}

const oneSql = `
  with access as materialized (${access})
  select a.kind, a.member, a.upper as as_of, (
      select jsonb_build_array(${messageJson('$1')}) from entries e
      where e.conversation_id = $2 and e.id = $3 and e.type = 'message' and e.seq >= a.lower and a.member = 'current'
    ) as messages
  from access a`;

/** One message for somebody who may read it. */
export async function loadMessage(db: Db, userId: string, conversationId: string, messageId: string): Promise<Message> {
  const { rows } = await db.query<Row>({ name: 'load-message', text: oneSql, values: [userId, conversationId, messageId] });
  const row = rows[0];
  checkReadable(row);
  const message = row.messages?.[0];
  if (message === undefined) throw noMessage();
  return message;
}
