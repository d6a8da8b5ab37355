import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { effectiveRetention } from '../config/retention.ts';
import type { Fanout } from '../fanout/types.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { listMemberIds, loadRetention, type Purged, purgeAudit, purgeEntries, purgeRuledEntries } from '../store/sql/retention.ts';

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
export function openRetention({ role, retention: config }: Config, deps: RetentionDeps): AsyncDisposable {
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

  async function sweepMessages(purge: () => Promise<Purged | null>): Promise<void> {
    const trimmed = new Set<string>();
    let messages = 0;
    while (goesOn()) {
      const purged = await purge();
      if (purged === null) break;
      trimmed.add(purged.conversationId);
      messages += purged.messages;
      await pause(PAUSE_MS);
    }
    for (const conversationId of trimmed) await tell(conversationId);
    if (trimmed.size > 0) log.info({ conversations: trimmed.size, messages }, 'old messages removed');
  }

  async function sweepAudit(days: number): Promise<void> {
    while (goesOn() && (await purgeAudit(db, days, AT_ONCE)) === AT_ONCE) await pause(PAUSE_MS);
  }

  /** Administrators may have changed it since the last time. */
  async function sweep(): Promise<void> {
    const { messagesDays, auditDays } = effectiveRetention(config, await loadRetention(db));
    if (messagesDays > 0) await sweepMessages(() => purgeEntries(db, messagesDays, AT_ONCE));
    await sweepMessages(() => purgeRuledEntries(db, AT_ONCE));
    if (auditDays > 0) await sweepAudit(auditDays);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (goesOn()) await sweep().catch((error: unknown) => log.warn({ err: error }, 'old entries were not removed; the next sweep does'));
      await pause(config.sweepSeconds * 1_000);
    }
  }

  const running = role === 'all' || role === 'worker' ? run() : Promise.resolve();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
