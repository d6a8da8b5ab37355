import type { AuthResult, OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { uuidV7 } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import {
  changePassword,
  insertSession,
  revokeAllSessions,
  revokeSession,
  rotateSession,
  type NewSession,
} from '../store/sql/auth-sessions.ts';
import { findCredentialsByEmail, findCredentialsById, insertAccount } from '../store/sql/user-accounts.ts';
import type { AccessTokens } from './access-token.ts';
import type { Keys } from './keys.ts';
import type { AuthLimits } from './login-limits.ts';
import type { Passwords } from './passwords.ts';
import { formatRefreshToken, parseRefreshToken } from './refresh-token.ts';
import type { Revocations } from './revocations.ts';
import type { Principal } from './types.ts';

/** The old refresh token keeps working this long after its successor was first used … */
export const REFRESH_GRACE_SECONDS = 10;
/** … and never longer than this after its own first use. */
export const REFRESH_MAX_GRACE_SECONDS = 86_400;

export interface RevokedEvent {
  userId: string;
  sessionIds: string[];
  code: 'revoked' | 'account_deleted';
}

export interface AccountDeps {
  db: Db;
  log: Logger;
  keys: Keys;
  accessTokens: AccessTokens;
  passwords: Passwords;
  limits: AuthLimits;
  revocations: Pick<Revocations, 'add'>;
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
  /** Tells the other pods; the caller's own revocation list already knows. */
  onRevoked: (event: RevokedEvent) => void;
  /** Time of refresh rotation in tests. @default the clock of Postgres */
  now?: () => Date;
}

/** Where a session begins. */
export interface Device {
  deviceId?: string;
  userAgent?: string;
  address: string;
}

export type SignedIn = AuthResult & { refreshToken: string };

export interface Accounts {
  register(input: { email: string; password: string; displayName: string }, device: Device): Promise<SignedIn>;
  login(input: { email: string; password: string }, device: Device): Promise<SignedIn>;
  guest(input: { displayName?: string }, device: Device): Promise<SignedIn>;
  refresh(refreshToken: string): Promise<SignedIn>;
  /** By a refresh token, whose session may have ended already. False: not one of ours. */
  endByRefreshToken(refreshToken: string): Promise<boolean>;
  /** False: this user has no such live session. */
  endSession(userId: string, sessionId: string): Promise<boolean>;
  /** Every session of this user, on every device. */
  endAllSessions(userId: string): Promise<void>;
  changePassword(principal: Principal, input: { currentPassword: string; newPassword: string }, address: string): Promise<void>;
}

const WRONG_LOGIN = 'The e-mail address or the password is wrong.';

export function createAccounts(deps: AccountDeps): Accounts {
  const { db, log, keys, passwords, limits } = deps;
  const revoked = announceRevoked(deps);
  const signIn = createSignIn(deps);
  const session = (device: Device) => newSession(device, deps.refreshTokenSeconds);

  return {
    async register({ email, password, displayName }, device) {
      await limits.signUp(device.address);
      const passwordHash = await passwords.hash(password);
      const first = session(device);
      const user = await insertAccount(db, { id: uuidV7(), email, passwordHash, displayName, guest: false }, first);
      if (!user) throw new ChatError('conflict', { message: 'This e-mail address is already registered.' });
      log.info({ userId: user.id }, 'account registered');
      return signIn(user, first.id, 0);
    },
    async login({ email, password }, device) {
      const succeeded = await limits.login(email, device.address);
      const found = await findCredentialsByEmail(db, email);
      if (!(await passwords.verify(found?.passwordHash ?? null, password)) || !found) {
        throw new ChatError('unauthenticated', { message: WRONG_LOGIN });
      }
      await succeeded();
      const next = session(device);
      await insertSession(db, found.user.id, next);
      return signIn(found.user, next.id, 0);
    },
    async guest({ displayName }, device) {
      await limits.signUp(device.address);
      const first = session(device);
      const id = uuidV7();
      const name = displayName ?? `Guest ${id.slice(-6)}`;
      const user = await insertAccount(db, { id, email: null, passwordHash: null, displayName: name, guest: true }, first);
      if (!user) throw new ChatError('internal');
      return signIn(user, first.id, 0);
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
    async changePassword({ userId, sessionId }, { currentPassword, newPassword }, address) {
      const succeeded = await limits.login(userId, address);
      const found = await findCredentialsById(db, userId);
      if (!found) throw new ChatError('unauthenticated');
      if (found.passwordHash === null) throw new ChatError('forbidden', { message: 'This account has no password.' });
      if (!(await passwords.verify(found.passwordHash, currentPassword))) {
        throw new ChatError('forbidden', { message: 'The current password is wrong.' });
      }
      await succeeded();
      revoked(userId, await changePassword(db, { userId, keepSessionId: sessionId, hash: await passwords.hash(newPassword) }));
      log.info({ userId }, 'password changed');
    },
  };
}

type SignIn = (user: OwnUser, sessionId: string, generation: number) => Promise<SignedIn>;

function createSignIn({ keys, accessTokens, accessTokenSeconds }: AccountDeps): SignIn {
  return async (user, sessionId, generation) => ({
    user,
    accessToken: await accessTokens.sign({ userId: user.id, sessionId, guest: user.guest }),
    expiresIn: accessTokenSeconds,
    sessionId,
    refreshToken: formatRefreshToken(keys, { sessionId, generation }),
  });
}

type Revoked = (userId: string, sessionIds: string[]) => void;

function announceRevoked({ revocations, onRevoked, log }: AccountDeps): Revoked {
  return (userId, sessionIds) => {
    if (sessionIds.length === 0) return;
    revocations.add(sessionIds);
    log.info({ userId, sessionIds }, 'sessions revoked');
    onRevoked({ userId, sessionIds, code: 'revoked' });
  };
}

function createRefresh({ db, log, keys, refreshTokenSeconds, now }: AccountDeps, signIn: SignIn, revoked: Revoked): Accounts['refresh'] {
  return async (refreshToken) => {
    const token = parseRefreshToken(keys, refreshToken);
    if (!token) throw new ChatError('unauthenticated', { message: 'The refresh token is not valid.' });
    const result = await rotateSession(db, {
      ...token,
      lifetimeSeconds: refreshTokenSeconds,
      graceSeconds: REFRESH_GRACE_SECONDS,
      maxGraceSeconds: REFRESH_MAX_GRACE_SECONDS,
      at: now?.(),
    });
    if (result.status === 'rotated') return signIn(result.user, token.sessionId, token.generation + 1);
    if (result.status === 'reused') {
      log.warn({ userId: result.userId, sessionId: token.sessionId }, 'refresh token used again; its session is revoked');
      revoked(result.userId, [token.sessionId]);
    }
    throw new ChatError('unauthenticated', { message: 'This session has ended; sign in again.' });
  };
}

function newSession({ deviceId, userAgent, address }: Device, lifetimeSeconds: number): NewSession {
  return { id: uuidV7(), deviceId: deviceId ?? null, userAgent: userAgent?.slice(0, 300) ?? null, address, lifetimeSeconds };
}
