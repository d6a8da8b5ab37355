import { ACCOUNT_MAIL, createAccountMailHandler } from '../auth/account-mail.ts';
import type { Config } from '../config.ts';
import type { JobRunner } from '../jobs/runner.ts';
import { createMissedMailHandler, MISSED_MAIL } from '../mail/missed-mail.ts';
import { createMailer, type Mailer } from '../mail/mailer.ts';
import type { Db } from '../store/sql/auth-keys.ts';

/** Undefined where no mail server is configured. */
export function openMail({ accounts, publicUrl }: Config, { db, jobs }: { db: Db; jobs: JobRunner }): Mailer | undefined {
  if (!accounts.mail || publicUrl === undefined) return undefined;
  const mailer = createMailer(accounts.mail);
  jobs.handle(ACCOUNT_MAIL, createAccountMailHandler({ db, mailer, publicUrl: publicUrl.replace(/\/$/, '') }));
  jobs.handle(MISSED_MAIL, createMissedMailHandler({ db, mailer, publicUrl: publicUrl.replace(/\/$/, '') }));
  return mailer;
}
