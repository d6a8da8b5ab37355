import type { IncomingHttpHeaders } from 'node:http';
import { ChatError } from '@chatcluster/protocol/errors';
import type { AccessTokens } from './access-token.ts';
import type { BotTokens } from './bot-tokens.ts';
import { ACCESS_COOKIE, readCookie } from './cookies.ts';
import type { IsAllowedOrigin } from './origin.ts';
import type { Revocations } from './revocations.ts';
import type { Tickets } from './tickets.ts';
import type { Principal } from './types.ts';

export interface AuthenticateDeps {
  accessTokens: Pick<AccessTokens, 'verify'>;
  botTokens: Pick<BotTokens, 'isBotToken' | 'verify'>;
  tickets: Tickets;
  revocations: Pick<Revocations, 'isRevoked'>;
  isAllowedOrigin: IsAllowedOrigin;
  /** Whether `?token=` counts: it ends up in access logs. */
  tokenInQuery: boolean;
}

export interface SocketCredentials {
  /** The `auth` object of the CONNECT packet. */
  auth: unknown;
  /** Of the upgrade request. */
  headers: IncomingHttpHeaders;
  query: Record<string, unknown>;
}

export interface RequestCredentials {
  method?: string;
  headers: IncomingHttpHeaders;
}

export interface Authenticate {
  /** The five ways of the contract; the first one present decides, whether it is good or not. */
  authenticateSocket(credentials: SocketCredentials): Promise<Principal>;
  /** Bearer, else the cookie; a write by cookie needs an allowed Origin. */
  authenticateRequest(request: RequestCredentials): Promise<Principal>;
  /** A token alone (`auth:refresh`), revocation included. */
  authenticateToken(token: string): Promise<Principal>;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const { accessTokens, botTokens, tickets, revocations, isAllowedOrigin, tokenInQuery } = deps;

  async function authenticateToken(token: string): Promise<Principal> {
    const principal = await (botTokens.isBotToken(token) ? botTokens : accessTokens).verify(token);
    if (revocations.isRevoked(principal.sessionId)) throw new ChatError('unauthenticated', { message: 'This session has ended.' });
    return principal;
  }

  return {
    authenticateToken,
    async authenticateSocket({ auth, headers, query }) {
      const given = (name: string): string | undefined => text(auth, name);
      const token = given('token') ?? bearerToken(headers);
      if (token !== undefined) return authenticateToken(token);
      const ticket = given('ticket') ?? text(query, 'ticket');
      if (ticket !== undefined) return tickets.redeem(ticket);
      const cookie = readCookie(headers.cookie, ACCESS_COOKIE);
      if (cookie !== undefined) {
        requireOrigin(isAllowedOrigin, headers);
        return authenticateToken(cookie);
      }
      const queryToken = tokenInQuery ? text(query, 'token') : undefined;
      if (queryToken !== undefined) return authenticateToken(queryToken);
      throw new ChatError('unauthenticated');
    },
    async authenticateRequest({ method = 'GET', headers }) {
      const token = bearerToken(headers);
      if (token !== undefined) return authenticateToken(token);
      const cookie = readCookie(headers.cookie, ACCESS_COOKIE);
      if (cookie === undefined) throw new ChatError('unauthenticated');
      if (!SAFE_METHODS.has(method)) requireOrigin(isAllowedOrigin, headers);
      return authenticateToken(cookie);
    },
  };
}

/** CSRF: browsers send cookies along with requests of any page, but name that page in `Origin`. */
export function requireOrigin(isAllowedOrigin: IsAllowedOrigin, headers: IncomingHttpHeaders): void {
  if (!isAllowedOrigin(headers.origin, headers.host)) {
    throw new ChatError('forbidden', { message: 'Requests by cookie need an allowed Origin.' });
  }
}

function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

function text(source: unknown, name: string): string | undefined {
  if (typeof source !== 'object' || source === null || !Object.hasOwn(source, name)) return undefined;
  const value: unknown = Reflect.get(source, name);
  return typeof value === 'string' ? value : undefined;
}
