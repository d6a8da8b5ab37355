import type { PushTarget, VapidKeys } from '../../push/web-push.ts';
import type { Db } from './auth-keys.ts';

/** Devices of one person; the oldest makes room. */
const MAX_PER_USER = 20;

export interface NewSubscription extends PushTarget {
  id: string;
  userId: string;
  sessionId: string;
}

/** An endpoint belongs to one browser: whoever signed in there last gets its pushes. */
export async function saveSubscription(db: Db, s: NewSubscription): Promise<void> {
  await db.query(
    `insert into push_subscriptions (id, user_id, session_id, endpoint, p256dh, auth) values ($1, $2, $3, $4, $5, $6)
     on conflict (endpoint) do update set user_id = excluded.user_id, session_id = excluded.session_id, p256dh = excluded.p256dh,
       auth = excluded.auth, created_at = now()`,
    [s.id, s.userId, s.sessionId, s.endpoint, s.p256dh, s.auth],
  );
  await db.query(
    `delete from push_subscriptions where id in (
       select id from push_subscriptions where user_id = $1 order by created_at desc, id offset ${MAX_PER_USER})`,
    [s.userId],
  );
}

export async function deleteSubscription(db: Db, userId: string, endpoint: string): Promise<void> {
  await db.query('delete from push_subscriptions where user_id = $1 and endpoint = $2', [userId, endpoint]);
}

/** The push service said that it does not know the device any more. */
export async function forgetSubscription(db: Db, id: string): Promise<void> {
  await db.query('delete from push_subscriptions where id = $1', [id]);
}

/** The installation's keys; the first who asks for them stores those that it made. */
export async function loadVapidKeys(db: Db, fresh: () => VapidKeys): Promise<VapidKeys> {
  const select = 'select public_key as "publicKey", private_key as "privateKey" from push_keys';
  const { rows } = await db.query<VapidKeys>(select);
  if (rows[0]) return rows[0];
  const { publicKey, privateKey } = fresh();
  await db.query('insert into push_keys (public_key, private_key) values ($1, $2) on conflict do nothing', [publicKey, privateKey]);
  return (await db.query<VapidKeys>(select)).rows[0]!;
}
