import type { AuthResult, OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { uuidV7 } from '../ids.ts';
import type { MailLanguage } from '../mail/account-texts.ts';
import { insertSession, rotateSession, type NewSession } from '../store/sql/auth-sessions.ts';
import type { AccountDeps } from './accounts.ts';
import { formatRefreshToken, parseRefreshToken } from './refresh-token.ts';

/** The old refresh token keeps working this long after its successor was first used … */
export const REFRESH_GRACE_SECONDS = 10;
/** … and never longer than this after its own first use. */
export const REFRESH_MAX_GRACE_SECONDS = 86_400;

/** Where a session begins. */
export interface Device {
  deviceId?: string;
  userAgent?: string;
  address: string;
  /** Of mails to this person. @default en */
  language?: MailLanguage;
}

export type SignedIn = AuthResult & { refreshToken: string };

export interface SignIn {
  /** Tokens for a session that exists. */
  answer(user: OwnUser, sessionId: string, generation: number): Promise<SignedIn>;
  /** A new session for this user. */
  begin(user: OwnUser, device: Device): Promise<SignedIn>;
  session(device: Device): NewSession;
}

export function createSignIn({ db, keys, accessTokens, accessTokenSeconds, refreshTokenSeconds }: AccountDeps): SignIn {
  const session = (device: Device) => newSession(device, refreshTokenSeconds);
  const answer: SignIn['answer'] = async (user, sessionId, generation) => ({
    user,
    accessToken: await accessTokens.sign({ userId: user.id, sessionId, guest: user.guest }),
    expiresIn: accessTokenSeconds,
    sessionId,
    refreshToken: formatRefreshToken(keys, { sessionId, generation }),
  });
  return {
    answer,
    session,
    async begin(user, device) {
      const next = session(device);
      await insertSession(db, user.id, next);
      return answer(user, next.id, 0);
    },
  };
}

export type Revoked = (userId: string, sessionIds: string[]) => void;

export function announceRevoked({ revocations, onRevoked, log }: AccountDeps): Revoked {
  return (userId, sessionIds) => {
    if (sessionIds.length === 0) return;
    revocations.add(sessionIds);
    log.info({ userId, sessionIds }, 'sessions revoked');
    onRevoked({ userId, sessionIds, code: 'revoked' });
  };
}

export function createRefresh(deps: AccountDeps, signIn: SignIn, revoked: Revoked): (refreshToken: string) => Promise<SignedIn> {
  const { db, log, keys, refreshTokenSeconds, now } = deps;
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
    if (result.status === 'rotated') return signIn.answer(result.user, token.sessionId, token.generation + 1);
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
