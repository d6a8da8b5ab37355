import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { deleteEndedSessions } from '../store/sql/auth-sessions.ts';
import { deleteOldPreviews } from '../store/sql/link-previews.ts';
import { deleteEndedMailTokens } from '../store/sql/mail-tokens.ts';

/** Nothing waits for it, so several pods may do it, and a failed round is made up for by the next. */
const EVERY_MS = 10 * 60_000;

export interface HousekeepingDeps {
  db: Db;
  log: Logger;
  /** @default 10 minutes */
  everyMs?: number;
}

/** Removes sessions, tickets, links of mails, challenges and previews that nothing can use any more. */
export function openHousekeeping(
  { role, limits }: Pick<Config, 'role' | 'limits'>,
  { db, log, everyMs = EVERY_MS }: HousekeepingDeps,
): AsyncDisposable {
  let round: Promise<void> = Promise.resolve();
  const look = async () => {
    try {
      await deleteEndedMailTokens(db);
      await deleteEndedSessions(db, limits.accessTokenSeconds);
      await deleteOldPreviews(db);
    } catch (error) {
      log.debug({ err: error }, 'what has ended could not be removed');
    }
  };
  const timer = role === 'all' || role === 'worker' ? setInterval(() => (round = look()), everyMs).unref() : undefined;
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await round;
    },
  };
}
