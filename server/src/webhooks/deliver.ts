import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { PermanentJobError, type JobContext, type JobHandler } from '../jobs/runner.ts';
import { type SafeFetch, SafeFetchError } from '../net/safe-fetch.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { type DueDelivery, loadDelivery, noteDelivered, noteGivenUp } from '../store/sql/webhooks.ts';
import type { Secrets } from './secrets.ts';

export interface DeliverDeps {
  db: Db;
  secrets: Secrets;
  safeFetch: SafeFetch;
}

const payloadSchema = z.object({ webhookId: z.uuid(), conversationId: z.uuid(), seq: z.number().int().positive() });
type Payload = z.output<typeof payloadSchema>;

/** With the runner's backoff about two hours. */
const MAX_ATTEMPTS = 15;
/** Deliveries given up in a row after which nothing more is tried. */
const DISABLE_AT = 20;
const TIMEOUT_MS = 5_000;
const ANSWER_MAX_BYTES = 4_096;
const GONE = 410;

/** The handler of the jobs `webhook`: one entry to one URL, signed after Standard Webhooks (standardwebhooks.com). */
export function createDeliver(deps: DeliverDeps): JobHandler {
  async function run(payload: unknown, job: JobContext): Promise<void> {
    const parsed = payloadSchema.safeParse(payload);
    if (!parsed.success) throw new PermanentJobError('the payload is not that of a webhook');
    const { webhookId, conversationId, seq } = parsed.data;
    const due = await loadDelivery(deps.db, webhookId, conversationId, seq);
    if (due === undefined) return;
    try {
      await send(deps, parsed.data, due, job.signal);
    } catch (error) {
      const isLast = error instanceof PermanentJobError || job.attempt >= MAX_ATTEMPTS;
      if (isLast && !job.signal.aborted) await noteGivenUp(deps.db, webhookId, error instanceof GoneError ? 1 : DISABLE_AT);
      throw error;
    }
    await noteDelivered(deps.db, webhookId);
  }

  return { run, maxAttempts: MAX_ATTEMPTS };
}

/** The receiver said that it never wants to hear of this again. */
class GoneError extends PermanentJobError {
  override name = 'GoneError';
}

async function send({ secrets, safeFetch }: DeliverDeps, payload: Payload, due: DueDelivery, signal: AbortSignal): Promise<void> {
  const { webhookId, conversationId, seq } = payload;
  const { entry, actorName } = due;
  const body = JSON.stringify({ type: entry.type, timestamp: entry.at, data: { conversationId, entry, ...(actorName && { actorName }) } });
  const headers = sign(body, { id: `${webhookId}:${seq}`, secret: readSecret(secrets, webhookId, due.secret), nowMs: Date.now() });
  const answer = await safeFetch(due.url, {
    method: 'POST',
    headers,
    body,
    timeoutMs: TIMEOUT_MS,
    maxBytes: ANSWER_MAX_BYTES,
    signal,
  }).catch((error: unknown) => {
    if (error instanceof SafeFetchError && error.reason.startsWith('refused')) throw new PermanentJobError(error.message, { cause: error });
    throw error;
  });
  if (answer.status === GONE) throw new GoneError('answered 410: it wants no more');
  if (answer.status < 200 || answer.status > 299) throw new Error(`answered ${answer.status}`);
}

function readSecret(secrets: Secrets, webhookId: string, sealed: Buffer | null): Buffer {
  if (sealed === null) return secrets.derive(webhookId);
  try {
    return secrets.open(sealed, webhookId);
  } catch (cause) {
    throw new PermanentJobError('its secret cannot be read; make the webhook anew', { cause });
  }
}

/** The same entry has the same `webhook-id` at every try; the time is signed too, so that nothing old can be sent again. */
export function sign(body: string, { id, secret, nowMs }: { id: string; secret: Buffer; nowMs: number }): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'user-agent': 'chatcluster-webhook',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
