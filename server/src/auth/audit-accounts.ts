import type { Audit } from '../audit.ts';
import type { Accounts } from './accounts.ts';

/** Passwords and sessions that people change or end themselves, with a line of the audit log after each. */
export function auditAccounts(accounts: Accounts, audit: Audit): Accounts {
  return {
    ...accounts,
    async changePassword(principal, input, device) {
      await accounts.changePassword(principal, input, device);
      const { userId } = principal;
      await audit({ actorId: userId, action: 'user.password_changed', targetType: 'user', targetId: userId, address: device.address });
    },
    async endSession(userId, sessionId) {
      const ended = await accounts.endSession(userId, sessionId);
      if (ended) await audit({ actorId: userId, action: 'session.ended', targetType: 'session', targetId: sessionId });
      return ended;
    },
  };
}
