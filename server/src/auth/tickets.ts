import { createHash, randomBytes } from 'node:crypto';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Db } from '../store/sql/auth-keys.ts';
import { insertTicket, takeTicket } from '../store/sql/auth-tickets.ts';
import type { Principal } from './types.ts';

export const TICKET_SECONDS = 30;

export interface Tickets {
  create(principal: Principal): Promise<{ ticket: string; expiresIn: number }>;
  /** Uses the ticket up. The principal lasts as long as a fresh access token. */
  redeem(ticket: string): Promise<Principal>;
}

export function createTickets(db: Db, accessTokenSeconds: number): Tickets {
  return {
    async create({ userId, sessionId }) {
      const ticket = randomBytes(32).toString('base64url');
      const made = await insertTicket(db, { hash: hashOf(ticket), sessionId, userId, lifetimeSeconds: TICKET_SECONDS });
      if (!made) throw new ChatError('unauthenticated', { message: 'This session has ended.' });
      return { ticket, expiresIn: TICKET_SECONDS };
    },
    async redeem(ticket) {
      const holder = /^[A-Za-z0-9_-]{43}$/.test(ticket) ? await takeTicket(db, hashOf(ticket)) : null;
      if (!holder) throw new ChatError('unauthenticated', { message: 'The ticket is not valid, was used, or has expired.' });
      return { ...holder, expiresAt: Date.now() + accessTokenSeconds * 1_000 };
    },
  };
}

/** Tickets are 256 random bits: a plain hash is enough to make the stored rows useless to a reader of the table. */
function hashOf(ticket: string): Buffer {
  return createHash('sha256').update(ticket).digest();
}
