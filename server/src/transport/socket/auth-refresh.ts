import { ChatError } from '@chatcluster/protocol/errors';
import type { Authenticate } from '../../auth/authenticate.ts';
import type { Handler } from './context.ts';

/** A fresh token of the same user and session keeps the socket open. */
export function authRefresh(authenticate: Pick<Authenticate, 'authenticateToken'>): Handler<'auth:refresh'> {
  return async (connection, { token }) => {
    const principal = await authenticate.authenticateToken(token);
    if (principal.userId !== connection.userId || principal.sessionId !== connection.sessionId) {
      throw new ChatError('forbidden', { message: 'This token is of another user or session.' });
    }
    if (principal.expiresAt > connection.principal.expiresAt) connection.principal = principal;
    return { expiresAt: new Date(connection.principal.expiresAt).toISOString() };
  };
}
