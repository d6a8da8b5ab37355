import type { Db } from './auth-keys.ts';

export interface NewTicket {
  hash: Buffer;
  sessionId: string;
  userId: string;
  lifetimeSeconds: number;
}

/** False: the session has ended. */
export async function insertTicket(db: Db, ticket: NewTicket): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into tickets (hash, session_id, user_id, expires_at)
     select $1, s.id, s.user_id, now() + $4 * interval '1 second'
     from sessions s where s.id = $2 and s.user_id = $3 and s.revoked_at is null and s.expires_at > now()`,
    [ticket.hash, ticket.sessionId, ticket.userId, ticket.lifetimeSeconds],
  );
  return rowCount === 1;
}

export interface TicketHolder {
  userId: string;
  sessionId: string;
  guest: boolean;
}

/** Takes the ticket; the update of its row lets exactly one of several callers have it. */
export async function takeTicket(db: Db, hash: Buffer): Promise<TicketHolder | null> {
  const { rows } = await db.query<{ user_id: string; session_id: string; guest: boolean }>(
    `update tickets t set used_at = now() from sessions s, users u
     where t.hash = $1 and t.used_at is null and t.expires_at > now()
       and s.id = t.session_id and s.revoked_at is null and s.expires_at > now() and u.id = t.user_id and u.deleted_at is null and u.suspended_at is null
     returning t.user_id, t.session_id, u.guest`,
    [hash],
  );
  return rows[0] ? { userId: rows[0].user_id, sessionId: rows[0].session_id, guest: rows[0].guest } : null;
}
