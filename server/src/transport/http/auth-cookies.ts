import type { CookieOptions, Response } from 'express';
import { ACCESS_COOKIE, REFRESH_COOKIE } from '../../auth/cookies.ts';

export interface AuthCookies {
  set(res: Response, tokens: { accessToken: string; refreshToken: string }): void;
  clear(res: Response): void;
}

export function createAuthCookies({ secure, lifetimeSeconds }: { secure: boolean; lifetimeSeconds: number }): AuthCookies {
  const access: CookieOptions = { httpOnly: true, secure, sameSite: 'lax', path: '/' };
  const refresh: CookieOptions = { httpOnly: true, secure, sameSite: 'strict', path: '/v1/auth' };
  // The access cookie outlives its token, so that the answer is `token_expired` (refresh) and not `unauthenticated` (sign in).
  const maxAge = lifetimeSeconds * 1_000;
  return {
    set(res, { accessToken, refreshToken }) {
      res.cookie(ACCESS_COOKIE, accessToken, { ...access, maxAge });
      res.cookie(REFRESH_COOKIE, refreshToken, { ...refresh, maxAge });
    },
    clear(res) {
      res.clearCookie(ACCESS_COOKIE, access);
      res.clearCookie(REFRESH_COOKIE, refresh);
    },
  };
}
