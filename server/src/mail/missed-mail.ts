import { z } from 'zod';
import { type JobHandler, PermanentJobError } from '../jobs/runner.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { loadMissedMail, type Missed } from '../store/sql/missed-mail.ts';
import { entryId } from '../ids.ts';
import { MailRefusedError, type Mailer } from './mailer.ts';
import { mailLanguageOf } from './account-texts.ts';
import { missedTexts } from './missed-texts.ts';
import { renderMail } from './render.ts';

export const MISSED_MAIL = 'missed-mail';

export interface MissedMailDeps {
  db: Db;
  mailer: Mailer;
  /** Without a slash at its end. */
  publicUrl: string;
}

const payloadSchema = z.object({ userId: z.uuid(), conversationIds: z.array(z.uuid()).min(1) });
const BODY_CHARS = 300;
/** About six hours: later it is no news. */
const ATTEMPTS = 30;

function line({ title, actorName, body }: Missed, previews: boolean): string {
  const where = title === null ? actorName : `${actorName} · ${title}`;
  return previews ? `${where}: ${body.slice(0, BODY_CHARS)}` : where;
}

/** Sends one mail about all that one person missed; nothing when they have read it meanwhile. */
export function createMissedMailHandler({ db, mailer, publicUrl }: MissedMailDeps): JobHandler {
  return {
    maxAttempts: ATTEMPTS,
    async run(payload, { id }) {
      const { userId, conversationIds } = payloadSchema.parse(payload);
      const missed = await loadMissedMail(db, userId, conversationIds);
      const [first] = missed?.messages ?? [];
      if (!missed || !first) return;
      const count = missed.messages.length;
      const unsubscribe = `${publicUrl}/v1/notifications/unsubscribe?token=${missed.unsubscribeToken}`;
      const language = mailLanguageOf(missed.locale) ?? 'en';
      const texts = missedTexts[language];
      const mail = renderMail({
        subject: count === 1 ? texts.one(first.actorName) : texts.many(count),
        paragraphs: missed.messages.map((message) => line(message, missed.previews)),
        button: { label: texts.button, url: `${publicUrl}/#/c/${first.conversationId}` },
        notes: [texts.unsubscribe(unsubscribe)],
        language,
      });
      // RFC 8058: mail programs offer a button for it.
      const headers = { 'List-Unsubscribe': `<${unsubscribe}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
      await mailer.send({ to: missed.email, id: entryId(userId, userId, `missed ${id}`), ...mail, headers }).catch((error: unknown) => {
        throw error instanceof MailRefusedError ? new PermanentJobError(error.message, { cause: error }) : error;
      });
    },
  };
}
