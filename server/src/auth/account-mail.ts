import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { PermanentJobError, type JobHandler } from '../jobs/runner.ts';
import {
  accountMail,
  linkMails,
  mailLanguageOf,
  mailLanguages,
  notices,
  type LinkMail,
  type MailLanguage,
  type Notice,
} from '../mail/account-texts.ts';
import { MailRefusedError, type Mailer } from '../mail/mailer.ts';
import { renderMail } from '../mail/render.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { enqueueJob } from '../store/sql/jobs.ts';
import { insertMailToken } from '../store/sql/mail-tokens.ts';
import { findCredentialsByEmail, loadUser } from '../store/sql/user-accounts.ts';

export const ACCOUNT_MAIL = 'account-mail';
/** Repeated for about a day: that long may a mail server be away. */
const MAX_ATTEMPTS = 105;
const HOUR_SECONDS = 3_600;
const lifetimeSeconds = { 'sign-up': 24 * HOUR_SECONDS, upgrade: 24 * HOUR_SECONDS, email: 24 * HOUR_SECONDS, reset: HOUR_SECONDS / 2 };

/** What waits in the queue. Never a token: it is made when the mail is written, and only its hash is kept. */
const payload = z.object({
  mailId: z.uuid(),
  which: z.enum([...linkMails, ...notices]),
  email: z.string(),
  language: z.enum(mailLanguages).catch('en'),
  userId: z.uuid().optional(),
  displayName: z.string().optional(),
  passwordHash: z.string().optional(),
});
type AccountMailJob = z.output<typeof payload>;

type To = { language?: MailLanguage };

/** Puts mails about accounts into the job queue. */
export interface AccountMail {
  sendSignUp(account: { email: string; passwordHash: string; displayName: string }, to: To): Promise<void>;
  sendUpgrade(account: { userId: string; email: string; passwordHash: string }, to: To): Promise<void>;
  sendEmailChange(account: { userId: string; email: string }, to: To): Promise<void>;
  sendReset(email: string, to: To): Promise<void>;
  /** Nothing for an account without an address. */
  notify(notice: Notice, user: { email?: string; displayName: string; locale?: string }, to: To): Promise<void>;
}

export function createAccountMail(db: Db): AccountMail {
  const add = async (job: Omit<AccountMailJob, 'mailId' | 'language'>, { language = 'en' }: To, key?: string) => {
    await enqueueJob(db, { kind: ACCOUNT_MAIL, key, payload: { ...job, language, mailId: randomUUID() } });
  };
  return {
    sendSignUp: (account, to) => add({ which: 'sign-up', ...account }, to),
    sendUpgrade: (account, to) => add({ which: 'upgrade', ...account }, to),
    sendEmailChange: (account, to) => add({ which: 'email', ...account }, to),
    // Ten clicks while the mail server is away are one mail.
    sendReset: (email, to) => add({ which: 'reset', email }, to, `reset ${email}`),
    notify: async (which, { email, displayName, locale }, to) => {
      const language = mailLanguageOf(locale) ?? to.language;
      if (email !== undefined) await add({ which, email, displayName }, language ? { language } : {});
    },
  };
}

export interface AccountMailHandlerDeps {
  db: Db;
  mailer: Mailer;
  publicUrl: string;
}

/** Writes and sends one mail. Sent twice it has the same Message-ID and another link that works. */
export function createAccountMailHandler(deps: AccountMailHandlerDeps): JobHandler {
  return {
    maxAttempts: MAX_ATTEMPTS,
    async run(given) {
      const parsed = payload.safeParse(given);
      if (!parsed.success) throw new PermanentJobError('the payload is not one of an account mail');
      try {
        await write(deps, parsed.data);
      } catch (error) {
        throw error instanceof MailRefusedError ? new PermanentJobError(error.message, { cause: error }) : error;
      }
    },
  };
}

async function write(deps: AccountMailHandlerDeps, job: AccountMailJob): Promise<void> {
  const { which, email, displayName = '' } = job;
  if (!isLinkMail(which)) return send(deps, job, { which, name: displayName, url: deps.publicUrl });
  const owner = (await findCredentialsByEmail(deps.db, email))?.user;
  // Somebody else may have asked for it: it is written for who reads it.
  const own = { ...job, language: mailLanguageOf(owner?.locale) ?? job.language };
  if (which === 'reset') return owner && sendLink(deps, { ...own, userId: owner.id }, { which, name: owner.displayName });
  if (owner && owner.id !== job.userId) return send(deps, own, { which: 'known-address', name: owner.displayName, url: deps.publicUrl });
  const user = job.userId === undefined ? undefined : await loadUser(deps.db, job.userId);
  if (user === null) return;
  return sendLink(deps, job, { which, name: user?.displayName ?? displayName });
}

async function sendLink(
  deps: AccountMailHandlerDeps,
  job: AccountMailJob,
  { which, name }: { which: LinkMail; name: string },
): Promise<void> {
  const token = randomBytes(32).toString('base64url');
  const { userId = null, email, displayName, passwordHash } = job;
  await insertMailToken(deps.db, {
    hash: hashMailToken(token),
    purpose: which,
    userId,
    data: { email, displayName, passwordHash },
    lifetimeSeconds: lifetimeSeconds[which],
  });
  // After the #, which browsers send to nobody: not to logs, not to proxies, not as a referrer.
  return send(deps, job, { which, name, url: `${deps.publicUrl}/#/${which === 'reset' ? 'reset' : 'verify'}/${token}` });
}

async function send({ mailer }: AccountMailHandlerDeps, job: AccountMailJob, to: { which: LinkMail | Notice; name: string; url: string }) {
  await mailer.send({ to: job.email, id: job.mailId, ...renderMail(accountMail(to.which, { ...to, language: job.language })) });
}

function isLinkMail(which: LinkMail | Notice): which is LinkMail {
  return (linkMails as readonly string[]).includes(which);
}

/** 256 random bits: a plain hash makes the stored rows useless to a reader of the table. */
export function hashMailToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
