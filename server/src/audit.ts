import type { Logger } from './log.ts';
import type { Db } from './store/sql/auth-keys.ts';
import { type AuditRecord, insertAudit } from './store/sql/audit.ts';

/**
 * Writes to the audit log what somebody may have to answer for: passwords, sessions, roles, deletions, administration.
 * Never rejects: what it tells of has happened already, and its caller must not be told that it failed.
 */
export type Audit = (record: AuditRecord) => Promise<void>;

export function createAudit({ db, log }: { db: Db; log: Logger }): Audit {
  return async (record) => {
    try {
      await insertAudit(db, record);
    } catch (error) {
      // The log line is then the only trace, so it says all of it.
      log.error({ err: error, audit: record }, 'the audit log could not be written');
    }
  };
}
