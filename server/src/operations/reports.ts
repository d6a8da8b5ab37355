import type { RestInput } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Audit } from '../audit.ts';
import { uuidV7 } from '../ids.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { findReadable, insertReport } from '../store/sql/reports.ts';
import { existingUsers } from '../store/sql/user-lookups.ts';
import { translateUnavailable } from './unavailable.ts';

export interface ReportsDeps {
  db: Db;
  audit: Audit;
}

/** Enough for somebody who meets a spammer, too few to bury the administrators. */
const MAX_PER_HOUR = 20;

/** Reporting a person, or a message that one may read; the same thing twice while it is open is one report. */
export function createReports({ db, audit }: ReportsDeps) {
  async function subject(reporterId: string, input: RestInput<'report'>) {
    if (input.messageId !== undefined) {
      const message = await findReadable(db, reporterId, input.messageId, input.conversationId);
      if (message === null) throw new ChatError('not_found', { message: 'There is no such message.' });
      return message;
    }
    const userId = input.userId!;
    if ((await existingUsers(db, [userId])).length === 0) throw new ChatError('not_found', { message: 'There is no such person.' });
    return { userId, conversationId: undefined, body: undefined };
  }

  async function report(reporterId: string, input: RestInput<'report'>): Promise<{ id: string; created: boolean }> {
    const about = await subject(reporterId, input);
    if (about.userId === reporterId) throw new ChatError('invalid', { message: 'You cannot report yourself.' });
    const { messageId, reason } = input;
    const result = await insertReport(db, { id: uuidV7(), reporterId, ...about, messageId, reason, maxPerHour: MAX_PER_HOUR });
    if (result.status === 'too_many') throw new ChatError('rate_limited', { retryAfterMs: 600_000 });
    if (result.status === 'created') {
      await audit({ actorId: reporterId, action: 'report.created', targetType: 'report', targetId: result.id });
    }
    return { id: result.id, created: result.status === 'created' };
  }

  return { report: (reporterId: string, input: RestInput<'report'>) => translateUnavailable(() => report(reporterId, input)) };
}
export type Reports = ReturnType<typeof createReports>;
