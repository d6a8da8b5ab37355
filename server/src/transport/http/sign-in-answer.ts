import type { Request, Response } from 'express';
import type { AuthResult } from '@chatcluster/protocol';
import { requireOrigin } from '../../auth/authenticate.ts';
import type { IsAllowedOrigin } from '../../auth/origin.ts';
import type { Device } from '../../auth/sign-in.ts';
import type { MailLanguage } from '../../mail/account-texts.ts';
import type { AuthCookies } from './auth-cookies.ts';

type Tokens = 'cookie' | 'body' | undefined;

export interface AnswerDeps {
  cookies: AuthCookies;
  isAllowedOrigin: IsAllowedOrigin;
}

/** Sets the cookies, or with `"tokens": "body"` gives the refresh token to a client that keeps it itself. */
export function createAnswer({ cookies, isAllowedOrigin }: AnswerDeps) {
  return async <T extends object | undefined>(
    { req, res }: { req: Request; res: Response },
    tokens: Tokens,
    work: () => Promise<T>,
  ): Promise<T | Omit<T, 'refreshToken'>> => {
    // Before anything is created: another site must not sign its visitors in to an account of its own.
    if (tokens !== 'body' && req.headers.origin !== undefined) requireOrigin(isAllowedOrigin, req.headers);
    const result = await work();
    if (tokens === 'body' || !isSignedIn(result)) return result;
    cookies.set(res, result);
    const { refreshToken: _, ...withoutRefreshToken } = result;
    return withoutRefreshToken as Omit<T, 'refreshToken'>;
  };
}

function isSignedIn(result: object | undefined): result is AuthResult {
  return result !== undefined && 'accessToken' in result;
}

export function addressOf(req: Request): string {
  return req.ip?.slice(0, 64) ?? 'unknown';
}

export function deviceOf(req: Request, deviceId?: string): Device {
  return { deviceId, userAgent: req.get('user-agent'), address: addressOf(req), language: languageOf(req) };
}

/** The one of our languages that the browser asks for. */
export function languageOf(req: Request): MailLanguage {
  return req.acceptsLanguages('en', 'de') === 'de' ? 'de' : 'en';
}
