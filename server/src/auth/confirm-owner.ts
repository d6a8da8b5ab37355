import { ChatError } from '@chatcluster/protocol/errors';
import { isYoungSession } from '../store/sql/auth-sessions.ts';
import { requirePassword, type AccountDeps } from './accounts.ts';
import type { Device } from './sign-in.ts';
import type { Principal } from './types.ts';

/** How long a sign-in counts as proof where there is no password. */
const RECENT_SECONDS = 600;

/** Throws `forbidden` unless the person at the keyboard is the owner, so that an open laptop is not enough for what is final. */
export type ConfirmOwner = (principal: Principal, input: { password?: string }, device: Device) => Promise<void>;

/** By the password; without one by a recent sign-in. A guest has neither, and could not come back to prove anything. */
export function createConfirmOwner(deps: Pick<AccountDeps, 'db' | 'limits' | 'passwords'>): ConfirmOwner {
  return async ({ userId, sessionId }, { password }, device) => {
    const { user, passwordHash } = await requirePassword(deps, { userId, password, address: device.address });
    if (passwordHash !== null || user.guest || (await isYoungSession(deps.db, sessionId, RECENT_SECONDS))) return;
    throw new ChatError('forbidden', {
      message: 'Sign out and in again, then delete the account within ten minutes.',
      details: { reason: 'sign_in_again' },
    });
  };
}
