import { ChatError } from '@chatcluster/protocol/errors';
import { uuidV7 } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { changePassword, revokeAllSessions, revokeSession } from '../store/sql/auth-sessions.ts';
import { findCredentialsByEmail, findCredentialsById, insertAccount } from '../store/sql/user-accounts.ts';
import type { AccessTokens } from './access-token.ts';
import type { AccountMail } from './account-mail.ts';
import type { Keys } from './keys.ts';
import type { AuthLimits } from './login-limits.ts';
import type { RevokedCode } from '../store/types.ts';
import type { Passwords } from './passwords.ts';
import { parseRefreshToken } from './refresh-token.ts';
import type { Revocations } from './revocations.ts';
import type { MfaChallenge, SecondFactor } from './second-factor.ts';
import { announceRevoked, createRefresh, createSignIn, type Device, type SignedIn } from './sign-in.ts';
import type { Proof, SignUpDefence } from './sign-up-defence.ts';
import type { Principal } from './types.ts';

export interface RevokedEvent {
  userId: string;
  sessionIds: string[];
  code: RevokedCode;
}

export interface AccountDeps {
  db: Db;
  log: Logger;
  keys: Keys;
  accessTokens: AccessTokens;
  passwords: Passwords;
  limits: AuthLimits;
  revocations: Pick<Revocations, 'add'>;
  secondFactor: Pick<SecondFactor, 'challenge'>;
  defence: Pick<SignUpDefence, 'check'>;
  /** Absent: no mail is sent, and addresses are not verified. */
  mail: AccountMail | undefined;
  /** Whether people without an account may come in. */
  guests: boolean;
  /** Lower-case addresses whose owners are administrators once they are verified. */
  adminEmails: string[];
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
  /** Tells the other pods; the caller's own revocation list already knows. */
  onRevoked: (event: RevokedEvent) => void;
  /** Time of refresh rotation in tests. @default the clock of Postgres */
  now?: () => Date;
}

export interface Accounts {
  /** Undefined: a mail was sent, whether the address is known or not. */
  register(input: { email: string; password: string; displayName: string; proof?: Proof }, device: Device): Promise<SignedIn | undefined>;
  /** Where a second factor is switched on, what it is to be proven with. */
  login(input: { email: string; password: string }, device: Device): Promise<SignedIn | MfaChallenge>;
  guest(input: { displayName?: string; proof?: Proof }, device: Device): Promise<SignedIn>;
  refresh(refreshToken: string): Promise<SignedIn>;
  /** By a refresh token, whose session may have ended already. False: not one of ours. */
  endByRefreshToken(refreshToken: string): Promise<boolean>;
  /** False: this user has no such live session. */
  endSession(userId: string, sessionId: string): Promise<boolean>;
  /** Every session of this user, on every device. */
  endAllSessions(userId: string): Promise<void>;
  changePassword(principal: Principal, input: { currentPassword: string; newPassword: string }, device: Device): Promise<void>;
}

const WRONG_LOGIN = 'The e-mail address or the password is wrong.';

export function createAccounts(deps: AccountDeps): Accounts {
  const { db, log, keys, passwords, limits, mail } = deps;
  const revoked = announceRevoked(deps);
  const signIn = createSignIn(deps);

  return {
    register: createRegister(deps),
    async login({ email, password }, device) {
      const succeeded = await limits.login(email, device.address);
      const found = await findCredentialsByEmail(db, email);
      if (!(await passwords.verify(found?.passwordHash ?? null, password)) || !found) {
        throw new ChatError('unauthenticated', { message: WRONG_LOGIN });
      }
      await succeeded();
      if (found.hasTotp) return deps.secondFactor.challenge(found);
      return signIn.begin(found.user, device);
    },
    async guest({ displayName, proof }, device) {
      if (!deps.guests) throw new ChatError('forbidden', { message: 'This installation has no guests; create an account.' });
      await limits.signUp(device.address);
      await deps.defence.check(proof);
      const first = signIn.session(device);
      const id = uuidV7();
      const name = displayName ?? `Guest ${id.slice(-6)}`;
      const user = await insertAccount(db, { id, email: null, passwordHash: null, displayName: name, guest: true }, first);
      if (!user) throw new ChatError('internal');
      return signIn.answer(user, first.id, 0);
    },
    refresh: createRefresh(deps, signIn, revoked),
    async endByRefreshToken(refreshToken) {
      const token = parseRefreshToken(keys, refreshToken);
      if (!token) return false;
      const userId = await revokeSession(db, token.sessionId, null);
      if (userId) revoked(userId, [token.sessionId]);
      return true;
    },
    async endSession(userId, sessionId) {
      const owner = await revokeSession(db, sessionId, userId);
      if (owner) revoked(owner, [sessionId]);
      return owner !== null;
    },
    async endAllSessions(userId) {
      revoked(userId, await revokeAllSessions(db, userId));
    },
    async changePassword({ userId, sessionId }, { currentPassword, newPassword }, device) {
      const found = await requirePassword(deps, { userId, password: currentPassword, address: device.address });
      if (found.passwordHash === null) throw new ChatError('forbidden', { message: 'This account has no password.' });
      revoked(userId, await changePassword(db, { userId, keepSessionId: sessionId, hash: await passwords.hash(newPassword) }));
      log.info({ userId }, 'password changed');
      await mail?.notify('password-changed', found.user, device);
    },
  };
}

/** With mail, what is known about the address is decided where the mail is written: the answer cannot tell. */
function createRegister(deps: AccountDeps): Accounts['register'] {
  const { db, log, passwords, limits, defence, mail } = deps;
  const signIn = createSignIn(deps);
  return async ({ email, password, displayName, proof }, device) => {
    await limits.signUp(device.address);
    await defence.check(proof);
    const passwordHash = await passwords.hash(password);
    if (mail) {
      if (await limits.mail(email, device.address)) await mail.sendSignUp({ email, passwordHash, displayName }, device);
      return undefined;
    }
    const first = signIn.session(device);
    const user = await insertAccount(db, { id: uuidV7(), email, passwordHash, displayName, guest: false }, first);
    if (!user) throw new ChatError('conflict', { message: 'This e-mail address is already registered.' });
    log.info({ userId: user.id }, 'account registered');
    return signIn.answer(user, first.id, 0);
  };
}

/** Proves that the person at the keyboard is the owner; an account without a password has nothing to be asked for. */
export async function requirePassword(
  { db, limits, passwords }: Pick<AccountDeps, 'db' | 'limits' | 'passwords'>,
  { userId, password, address }: { userId: string; password: string | undefined; address: string },
) {
  const succeeded = await limits.login(userId, address);
  const found = await findCredentialsById(db, userId);
  if (!found) throw new ChatError('unauthenticated');
  if (found.passwordHash !== null && !(await passwords.verify(found.passwordHash, password ?? ''))) {
    throw new ChatError('forbidden', { message: 'The current password is wrong.' });
  }
  await succeeded();
  return found;
}
