import { randomUUID } from 'node:crypto';
import type { CreatedWebhook, Limits, RestInput, SendResult, Webhook } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { decideBody } from '../domain/message-rules.ts';
import { decideManage } from '../domain/permissions.ts';
import { entryId, uuidV7 } from '../ids.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { createKeyedBuckets } from '../limits/token-bucket.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import * as webhooks from '../store/sql/webhooks.ts';
import type { Secrets } from '../webhooks/secrets.ts';
import type { Membership } from './membership.ts';
import { authorise } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface WebhooksDeps {
  db: Db;
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
  ingest: Pick<Ingest, 'submit'>;
  secrets: Secrets;
  limits: Limits;
  rateLimits: boolean;
}

const LISTED_DELIVERIES = 100;
/** What others wait for to be read by people. */
const HOOK_PER_SECOND = 2;
const HOOK_BURST = 20;
/** Standard Webhooks: base64 behind this. */
const SECRET_PREFIX = 'whsec_';

type Created = Omit<CreatedWebhook, 'url'> & { url?: string; token?: string };

/** Webhooks are made, looked at and removed by owners and admins of the conversation. */
export function createWebhooks(deps: WebhooksDeps) {
  const { db, membership, secrets } = deps;
  const buckets = createKeyedBuckets(HOOK_PER_SECOND, HOOK_BURST);

  const manage = (userId: string, id: string) => authorise(membership, id, (access) => decideManage(access, userId));

  async function create(userId: string, conversationId: string, input: RestInput<'createWebhook'>): Promise<Created> {
    await manage(userId, conversationId);
    const id = uuidV7();
    const given = input.secret === undefined ? undefined : parseSecret(input.secret);
    const isIncoming = input.url === undefined;
    const made = await webhooks.insertWebhook(db, {
      id,
      conversationId,
      kind: isIncoming ? 'incoming' : 'outgoing',
      name: input.name ?? (isIncoming ? 'Webhook' : new URL(input.url!).host),
      userId: isIncoming ? uuidV7() : null,
      url: input.url ?? null,
      events: isIncoming ? [] : (input.events ?? ['message']),
      secret: given === undefined ? null : secrets.seal(given, id),
      createdBy: userId,
      clientId: input.clientId ?? null,
    });
    if (made === undefined) return known(userId, conversationId, input.clientId);
    if (isIncoming) return { ...made, token: secrets.token(id) };
    return { ...made, secret: SECRET_PREFIX + (given ?? secrets.derive(id)).toString('base64') };
  }

  /** Made by an earlier try of the same call: its secrets were shown then. */
  async function known(userId: string, conversationId: string, clientId: string | undefined): Promise<Created> {
    const found = clientId && (await webhooks.findWebhookByClientId(db, conversationId, userId, clientId));
    if (!found) throw new ChatError('not_found');
    return found;
  }

  async function one(userId: string, conversationId: string, id: string): Promise<Webhook> {
    await manage(userId, conversationId);
    const found = (await webhooks.listWebhooks(db, conversationId)).find((webhook) => webhook.id === id);
    if (found === undefined) throw new ChatError('not_found');
    return found;
  }

  function takeRate(id: string): void {
    const waitMs = deps.rateLimits ? buckets.take(id, performance.now()) : 0;
    if (waitMs > 0) throw new ChatError('rate_limited', { retryAfterMs: waitMs });
  }

  /** Whoever holds the address may write: neither its user nor who made it need be a member. */
  async function receive(token: string, input: RestInput<'hook'>): Promise<SendResult> {
    const id = secrets.readToken(token);
    if (id === undefined) throw new ChatError('not_found');
    takeRate(id);
    const body = decideBody(input.text, 0, deps.limits);
    if (!body.ok) throw new ChatError(body.code, { message: body.message, details: [{ path: 'text', issue: body.message }] });
    const hook = await webhooks.findIncoming(db, id);
    const access = hook && (await membership.get(hook.conversationId));
    if (hook === undefined || access === undefined) throw new ChatError('not_found');
    if (access.archived) throw new ChatError('forbidden', { message: 'This conversation is archived.' });
    const { conversationId, userId } = hook;
    const clientMsgId = input.clientMsgId ?? randomUUID();
    const row = {
      ...{ conversationId, clientMsgId, type: 'message' as const, actorId: userId, expectVersion: null },
      id: entryId(conversationId, userId, clientMsgId),
      data: JSON.stringify({ body: input.text }),
    };
    const result = await deps.ingest.submit(row);
    if (result.status === 'missing') throw new ChatError('not_found');
    if (result.status === 'queued' || result.status === 'stale') throw new ChatError('unavailable', { retryAfterMs: 1_000 });
    if (result.status === 'invalid') throw new ChatError('invalid', { details: [{ path: 'text', issue: 'cannot be stored' }] });
    const { seq, at, status } = result;
    return { status: 'stored', id: row.id, seq, at, ...(status === 'duplicate' && { duplicate: true }) };
  }

  const operations = {
    create,
    receive,
    async list(userId: string, conversationId: string) {
      await manage(userId, conversationId);
      return webhooks.listWebhooks(db, conversationId);
    },
    async remove(userId: string, conversationId: string, id: string) {
      await manage(userId, conversationId);
      if (!(await webhooks.deleteWebhook(db, conversationId, id))) throw new ChatError('not_found');
    },
    async enable(userId: string, conversationId: string, id: string, enabled: boolean) {
      await one(userId, conversationId, id);
      if (!(await webhooks.enableWebhook(db, conversationId, id, enabled))) throw new ChatError('not_found');
      return one(userId, conversationId, id);
    },
    async deliveries(userId: string, conversationId: string, id: string) {
      await one(userId, conversationId, id);
      return webhooks.listDeliveries(db, id, LISTED_DELIVERIES);
    },
    async retry(userId: string, conversationId: string, id: string, deliveryId: string) {
      const { disabledAt } = await one(userId, conversationId, id);
      // Nothing is posted for one that is off: the delivery would be dropped for good.
      if (disabledAt !== undefined) throw new ChatError('conflict', { message: 'This webhook is switched off. Switch it on first.' });
      if (!(await webhooks.retryDelivery(db, id, deliveryId))) throw new ChatError('not_found');
    },
  };
  return guardAll(operations);
}
export type Webhooks = ReturnType<typeof createWebhooks>;

function guardAll<T extends Record<string, (...args: never[]) => Promise<unknown>>>(operations: T): T {
  const guarded = Object.entries(operations).map(([name, run]) => [name, (...args: never[]) => translateUnavailable(() => run(...args))]);
  return Object.fromEntries(guarded) as T;
}

function parseSecret(secret: string): Buffer {
  return secret.startsWith(SECRET_PREFIX) ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64') : Buffer.from(secret);
}
