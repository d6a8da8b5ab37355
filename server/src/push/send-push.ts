import { z } from 'zod';
import { type JobHandler, PermanentJobError } from '../jobs/runner.ts';
import { type SafeFetch, SafeFetchError } from '../net/safe-fetch.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { loadPushFacts, type PushFacts } from '../store/sql/notify-deliver.ts';
import { forgetSubscription } from '../store/sql/push-subscriptions.ts';
import { encryptPush, MAX_PLAIN_BYTES, type VapidKeys, vapidHeader } from './web-push.ts';

export const PUSH_JOB = 'push';

export interface SendPushDeps {
  db: Db;
  fetch: SafeFetch;
  keys(): Promise<VapidKeys>;
  /** Where the operators of push services reach us. */
  subject: string;
  /** Told of every answer. */
  onSent(outcome: 'sent' | 'gone' | 'refused' | 'repeated'): void;
}

const payloadSchema = z.object({ subscriptionId: z.uuid(), conversationId: z.uuid(), mentioned: z.boolean().optional() });
/** A device that is off gets what is younger than a day. */
const TTL_SECONDS = 86_400;
const ANSWER_BYTES = 1_024;
/** With the backoff of the job queue about a quarter of an hour: later it is no news. */
const ATTEMPTS = 8;

/** Cut at a character, never within one. */
function cut(text: string, chars: number): string {
  const points = Array.from(text);
  return points.length <= chars ? text : `${points.slice(0, chars - 1).join('')}…`;
}

/** What the service worker gets. Texts are its business: it knows the language. */
function toPayload(conversationId: string, facts: PushFacts, mentioned: boolean): Buffer {
  const { kind, title, seq, messageId, unread, actorName, previews } = facts;
  const said = (chars: number) =>
    Buffer.from(
      JSON.stringify({
        type: 'message',
        conversationId,
        messageId,
        seq,
        kind,
        unread,
        mentioned: mentioned || facts.mentioned,
        ...(title !== null && { title: cut(title, 120) }),
        actorName: cut(actorName, 80),
        ...(previews && { body: cut(facts.body, chars) }),
      }),
    );
  const whole = said(240);
  return whole.length <= MAX_PLAIN_BYTES ? whole : said(60);
}

/** Sends one push to one device. */
export function createPushHandler({ db, fetch, keys, subject, onSent }: SendPushDeps): JobHandler {
  async function post(facts: PushFacts, conversationId: string, mentioned: boolean, signal: AbortSignal): Promise<number> {
    const answer = await fetch(facts.endpoint, {
      method: 'POST',
      headers: {
        authorization: await vapidHeader(await keys(), facts.endpoint, subject),
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
        ttl: String(TTL_SECONDS),
        urgency: mentioned || facts.kind === 'direct' ? 'high' : 'normal',
        // A device that was off gets the newest of a conversation only; 32 characters are allowed.
        topic: conversationId.replaceAll('-', ''),
      },
      body: encryptPush(toPayload(conversationId, facts, mentioned), facts),
      maxBytes: ANSWER_BYTES,
      signal,
    });
    return answer.status;
  }

  return {
    maxAttempts: ATTEMPTS,
    async run(payload, { signal }) {
      const { subscriptionId, conversationId, mentioned = false } = payloadSchema.parse(payload);
      const facts = await loadPushFacts(db, subscriptionId, conversationId);
      if (facts === null) return;
      const status = await post(facts, conversationId, mentioned, signal).catch((error: unknown) => {
        if (!(error instanceof SafeFetchError) || !error.reason.startsWith('refused')) throw error;
        return 410; // A private address: no push service, and never one.
      });
      if (status >= 200 && status < 300) return onSent('sent');
      if (status === 404 || status === 410) {
        onSent('gone');
        return forgetSubscription(db, subscriptionId);
      }
      if (status === 408 || status === 429 || status >= 500) {
        onSent('repeated');
        throw new Error(`the push service answered ${status}`);
      }
      onSent('refused');
      throw new PermanentJobError(`the push service answered ${status}`);
    },
  };
}
