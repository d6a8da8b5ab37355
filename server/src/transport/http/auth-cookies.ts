import type { CookieOptions, Response } from 'express';
import { ACCESS_COOKIE, REFRESH_COOKIE } from '../../auth/cookies.ts';

export interface AuthCookies {
  set(res: Response, tokens: { accessToken: string; refreshToken?: string }): void;
  clear(res: Response): void;
  /** Kept while the browser is at an identity provider; one per attempt, so that two tabs do not disturb each other. */
  keepAttempt(res: Response, attempt: { state: string; sealed: string; lifetimeSeconds: number }): void;
  clearAttempt(res: Response, state: string): void;
}

/** Only this much of a state is in the name; the whole one is inside. */
export function attemptCookie(state: string): string {
  return `chat_attempt_${state.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 12)}`;
}

export function createAuthCookies({ secure, lifetimeSeconds }: { secure: boolean; lifetimeSeconds: number }): AuthCookies {
  const access: CookieOptions = { httpOnly: true, secure, sameSite: 'lax', path: '/' };
  const refresh: CookieOptions = { httpOnly: true, secure, sameSite: 'strict', path: '/v1/auth' };
  // Lax: the way back is a navigation from the provider's site.
  const attempt: CookieOptions = { httpOnly: true, secure, sameSite: 'lax', path: '/v1/auth/providers' };
  // The access cookie outlives its token, so that the answer is `token_expired` (refresh) and not `unauthenticated` (sign in).
  const maxAge = lifetimeSeconds * 1_000;
  return {
    set(res, { accessToken, refreshToken }) {
      res.cookie(ACCESS_COOKIE, accessToken, { ...access, maxAge });
      if (refreshToken !== undefined) res.cookie(REFRESH_COOKIE, refreshToken, { ...refresh, maxAge });
    },
    clear(res) {
      res.clearCookie(ACCESS_COOKIE, access);
      res.clearCookie(REFRESH_COOKIE, refresh);
    },
    keepAttempt(res, { state, sealed, lifetimeSeconds: seconds }) {
      res.cookie(attemptCookie(state), sealed, { ...attempt, maxAge: seconds * 1_000 });
    },
    clearAttempt(res, state) {
      res.clearCookie(attemptCookie(state), attempt);
    },
  };
}
