import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Fanout } from '../fanout/types.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { listMemberIds, purgeAudit, purgeEntries } from '../store/sql/retention.ts';

export interface RetentionDeps {
  db: Db;
  fanout: Pick<Fanout, 'toUsers'>;
  isPostgresReachable(): boolean;
  log: Logger;
}

/** Entries of one transaction: some ten milliseconds in which nobody can write to that conversation. */
const AT_ONCE = 500;
/** Between two of them, so that a large purge is no load. */
const PAUSE_MS = 20;
const TOLD_AT_ONCE = 500;

/** Removes what is older than the installation keeps, on pods with the roles `all` and `worker`; several may do it at once. */
export function openRetention({ role, retention }: Config, deps: RetentionDeps): AsyncDisposable {
  const { db, log } = deps;
  const stop = new AbortController();
  const { signal } = stop;
  const pause = (ms: number) => wait(ms, undefined, { signal }).catch(() => undefined);
  const goesOn = () => !signal.aborted && deps.isPostgresReachable();

  /** Open clients read the conversation again; the others learn it from `changes` and `sync`. */
  async function tell(conversationId: string): Promise<void> {
    const userIds = await listMemberIds(db, conversationId);
    for (let i = 0; i < userIds.length; i += TOLD_AT_ONCE) {
      const some = userIds.slice(i, i + TOLD_AT_ONCE);
      deps.fanout.toUsers(some, 'resync', { reason: 'history_trimmed', conversationIds: [conversationId] }, { droppable: false });
    }
  }

  async function sweepMessages(): Promise<void> {
    const trimmed = new Set<string>();
    let messages = 0;
    while (goesOn()) {
      const purged = await purgeEntries(db, retention.messagesDays, AT_ONCE);
      if (purged === null) break;
      trimmed.add(purged.conversationId);
      messages += purged.messages;
      await pause(PAUSE_MS);
    }
    for (const conversationId of trimmed) await tell(conversationId);
    if (trimmed.size > 0) log.info({ conversations: trimmed.size, messages }, 'old messages removed');
  }

  async function sweepAudit(): Promise<void> {
    while (goesOn() && (await purgeAudit(db, retention.auditDays, AT_ONCE)) === AT_ONCE) await pause(PAUSE_MS);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const failed = (error: unknown) => log.warn({ err: error }, 'old entries were not removed; the next sweep does');
      if (retention.messagesDays > 0) await sweepMessages().catch(failed);
      if (retention.auditDays > 0) await sweepAudit().catch(failed);
      await pause(retention.sweepSeconds * 1_000);
    }
  }

  const isWanted = (role === 'all' || role === 'worker') && retention.messagesDays + retention.auditDays > 0;
  const running = isWanted ? run() : Promise.resolve();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
