import type { Db } from './auth-keys.ts';

export interface Missed {
  conversationId: string;
  title: string | null;
  actorName: string;
  body: string;
}

export interface MissedMail {
  email: string;
  locale: string | null;
  previews: boolean;
  unsubscribeToken: string;
  messages: Missed[];
}

/** How many a mail shows. */
const SHOWN = 10;

/** Mentions and direct messages in these conversations that are still unread, oldest first. null: there is nobody to write to. */
export async function loadMissedMail(db: Db, userId: string, conversationIds: string[]): Promise<MissedMail | null> {
  await db.query(
    'insert into notification_settings (user_id) select id from users where id = $1 and deleted_at is null on conflict do nothing',
    [userId],
  );
  const { rows } = await db.query<MissedMail>(
    `select u.email, u.locale, n.previews, n.unsubscribe_token as "unsubscribeToken", coalesce((
       select jsonb_agg(jsonb_build_object('conversationId', x.conversation_id, 'title', x.title, 'actorName', x.name, 'body', x.body) order by x.at)
       from (
         select e.conversation_id, c.title, a.display_name as name, coalesce(t.body, e.data ->> 'body') as body, e.at
         from members m
         join conversations c on c.id = m.conversation_id and c.deleted_at is null
         join entries e on e.conversation_id = c.id and e.seq > greatest(m.read_seq, m.first_seq - 1) and e.type = 'message' and not e.hidden
         join users a on a.id = e.actor_id
         left join message_state t on t.conversation_id = e.conversation_id and t.message_id = e.id
         where m.user_id = u.id and m.conversation_id = any ($2::uuid[]) and m.left_at is null and m.level <> 'none' and e.actor_id <> u.id
           and (c.kind = 'direct' or e.data -> 'mentions' ? u.id::text or e.data ? 'mentionAll')
           and not exists (select 1 from blocks b where b.user_id = u.id and b.blocked_id = e.actor_id)
         order by e.at desc limit ${SHOWN}
       ) x), '[]') as messages
     from users u join notification_settings n on n.user_id = u.id and n.mail
     where u.id = $1 and u.deleted_at is null and u.suspended_at is null and u.email is not null and u.email_verified_at is not null`,
    [userId, conversationIds],
  );
  return rows[0] ?? null;
}

/** False: no such link. */
export async function unsubscribeMail(db: Db, token: string): Promise<boolean> {
  const { rowCount } = await db.query('update notification_settings set mail = false where unsubscribe_token = $1', [token]);
  return rowCount === 1;
}
