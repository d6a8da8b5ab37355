import type { Entry, Webhook, WebhookDelivery } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';

export interface NewWebhook {
  id: string;
  conversationId: string;
  kind: 'incoming' | 'outgoing';
  name: string;
  userId: string | null;
  url: string | null;
  events: string[];
  /** Sealed; null: derived from the id. */
  secret: Buffer | null;
  createdBy: string;
  clientId: string | null;
}

interface Row extends Omit<Webhook, 'userId' | 'url' | 'disabledAt'> {
  userId: string | null;
  url: string | null;
  disabledAt: string | null;
}

const columns = `w.id, w.kind, w.name, w.user_id as "userId", w.url, w.events, w.created_by as "createdBy",
  iso(w.created_at) as "createdAt", iso(w.disabled_at) as "disabledAt", w.failures`;

function toWebhook({ userId, url, disabledAt, ...row }: Row): Webhook {
  return { ...row, ...(userId && { userId }), ...(url && { url }), ...(disabledAt && { disabledAt }) };
}

/** The user of an incoming one is made in the same statement. Undefined: one with this clientId is there already. */
export async function insertWebhook(db: Db, w: NewWebhook): Promise<Webhook | undefined> {
  const { rows } = await db.query<Row>(
    `with w as (
       insert into webhooks as w (id, conversation_id, kind, name, user_id, url, events, secret, created_by, client_id, seq)
       select $1, c.id, $3, $4, $5, $6, $7, $8, $9, $10, c.last_seq from conversations c where c.id = $2 and c.deleted_at is null
       on conflict (conversation_id, created_by, client_id) do nothing
       returning w.*
     ), author as (
       insert into users (id, display_name, bot) select w.user_id, w.name, 'webhook' from w where w.user_id is not null
     )
     select ${columns} from w`,
    [w.id, w.conversationId, w.kind, w.name, w.userId, w.url, w.events, w.secret, w.createdBy, w.clientId],
  );
  return rows[0] && toWebhook(rows[0]);
}

export async function listWebhooks(db: Db, conversationId: string): Promise<Webhook[]> {
  const { rows } = await db.query<Row>(`select ${columns} from webhooks w where w.conversation_id = $1 order by w.created_at, w.id`, [
    conversationId,
  ]);
  return rows.map(toWebhook);
}

export async function findWebhookByClientId(
  db: Db,
  conversationId: string,
  createdBy: string,
  clientId: string,
): Promise<Webhook | undefined> {
  const { rows } = await db.query<Row>(
    `select ${columns} from webhooks w where w.conversation_id = $1 and w.created_by = $2 and w.client_id = $3`,
    [conversationId, createdBy, clientId],
  );
  return rows[0] && toWebhook(rows[0]);
}

/** What waits for it goes too. False: there is none. */
export async function deleteWebhook(db: Db, conversationId: string, id: string): Promise<boolean> {
  const { rows } = await db.query<{ gone: number }>(
    `with gone as (
       delete from webhooks where conversation_id = $1 and id = $2 returning id
     ), unsent as (
       delete from jobs j using gone where j.kind = 'webhook' and j.payload ->> 'webhookId' = gone.id::text
     )
     select count(*)::integer as gone from gone`,
    [conversationId, id],
  );
  return rows[0]!.gone === 1;
}

/** Enabled again it begins with what is sent from now on. False: there is none. */
export async function enableWebhook(db: Db, conversationId: string, id: string, on: boolean): Promise<boolean> {
  const { rowCount } = await db.query(
    `update webhooks w set failures = 0, disabled_at = case when $3 then null else coalesce(w.disabled_at, now()) end,
       seq = case when $3 and w.disabled_at is not null then c.last_seq else w.seq end
     from conversations c where c.id = w.conversation_id and w.conversation_id = $1 and w.id = $2 and w.kind = 'outgoing'`,
    [conversationId, id, on],
  );
  return rowCount === 1;
}

/** Whose messages an incoming webhook writes, and where; undefined: it is gone. */
export async function findIncoming(db: Db, id: string): Promise<{ conversationId: string; userId: string } | undefined> {
  const { rows } = await db.query<{ conversationId: string; userId: string }>(
    `select w.conversation_id as "conversationId", w.user_id as "userId" from webhooks w where w.id = $1 and w.kind = 'incoming'`,
    [id],
  );
  return rows[0];
}

export interface DueDelivery {
  url: string;
  secret: Buffer | null;
  entry: Entry;
  actorName: string | null;
}

/** What is to be delivered; undefined: the webhook is gone or disabled, or the entry is purged. */
export async function loadDelivery(db: Db, webhookId: string, conversationId: string, seq: number): Promise<DueDelivery | undefined> {
  const { rows } = await db.query<DueDelivery>(
    `select w.url, w.secret, entry_json(e) as entry, u.display_name as "actorName"
     from webhooks w join entries e on e.conversation_id = w.conversation_id and e.seq = $3
     left join users u on u.id = e.actor_id and u.deleted_at is null
     where w.id = $1 and w.conversation_id = $2 and w.disabled_at is null`,
    [webhookId, conversationId, seq],
  );
  return rows[0];
}

/** The answer was good. */
export async function noteDelivered(db: Db, webhookId: string): Promise<void> {
  await db.query('update webhooks set failures = 0 where id = $1 and failures > 0', [webhookId]);
}

/** A delivery was given up; at `disableAt` in a row nothing more is tried. */
export async function noteGivenUp(db: Db, webhookId: string, disableAt: number): Promise<void> {
  await db.query(
    `update webhooks set failures = failures + 1,
       disabled_at = case when failures + 1 >= $2 then coalesce(disabled_at, now()) else disabled_at end
     where id = $1`,
    [webhookId, disableAt],
  );
}

/** What waits for another try or was given up, the newest first. */
export async function listDeliveries(db: Db, webhookId: string, limit: number): Promise<WebhookDelivery[]> {
  const { rows } = await db.query<{ delivery: WebhookDelivery }>(
    `select jsonb_strip_nulls(jsonb_build_object('id', j.id::text, 'seq', (j.payload ->> 'seq')::bigint, 'attempts', j.attempts,
       'error', j.last_error, 'failedAt', iso(j.failed_at), 'nextAttemptAt', case when j.failed_at is null then iso(j.run_at) end)) as delivery
     from jobs j where j.kind = 'webhook' and j.payload ->> 'webhookId' = $1 order by j.id desc limit $2`,
    [webhookId, limit],
  );
  return rows.map((row) => row.delivery);
}

/** Due at once, with all of its tries before it. False: there is none that was given up. */
export async function retryDelivery(db: Db, webhookId: string, jobId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update jobs set failed_at = null, attempts = 0, run_at = now()
     where id = $2::bigint and kind = 'webhook' and payload ->> 'webhookId' = $1 and failed_at is not null`,
    [webhookId, jobId],
  );
  return rowCount === 1;
}

/** Makes jobs of what was written since the last time; how many webhooks had something. */
export async function enqueueDeliveries(db: Db, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>('select enqueue_webhooks($1) as count', [limit]);
  return rows[0]!.count;
}
