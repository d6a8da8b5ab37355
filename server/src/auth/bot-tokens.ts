import { ChatError } from '@chatcluster/protocol/errors';
import { uuidV7 } from '../ids.ts';
import { insertSession } from '../store/sql/auth-sessions.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { useBotSession } from '../store/sql/bots.ts';
import type { Keys } from './keys.ts';
import type { Principal } from './types.ts';

export interface BotTokenDeps {
  db: Db;
  keys: Pick<Keys, 'mac' | 'isMac'>;
  nowMs?: () => number;
}

export interface BotTokens {
  /** A session that does not end by itself, and the token for it; shown once, as nothing of it is stored. */
  issue(userId: string): Promise<string>;
  /** Whether it looks like one; everything else is an access token. */
  isBotToken(token: string): boolean;
  verify(token: string): Promise<Principal>;
}

const PREFIX = 'bot_';
const ID_BYTES = 16;
const LIFETIME_SECONDS = 10 * 365 * 86_400;
/** Shorter than an ended session stays in the list of revocations, which every call looks at. */
const TRUST_MS = 60_000;
const REMEMBERED = 1_000;

/**
 * `bot_` + base64url(session id, proof). The proof is checked in memory, so a guessed token costs no query; whether the session
 * goes on is asked once a minute.
 */
export function createBotTokens({ db, keys, nowMs = Date.now }: BotTokenDeps): BotTokens {
  const known = new Map<string, { principal: Principal; untilMs: number }>();
  const refused = () => new ChatError('unauthenticated', { message: 'The token is not valid.' });

  function readSessionId(token: string): string {
    const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url');
    const id = bytes.toString('hex', 0, ID_BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    if (PREFIX + bytes.toString('base64url') !== token || !keys.isMac(`bot token ${id}`, bytes.subarray(ID_BYTES))) throw refused();
    return id;
  }

  function remember(sessionId: string, principal: Principal): Principal {
    known.delete(sessionId);
    known.set(sessionId, { principal, untilMs: nowMs() + TRUST_MS });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    return principal;
  }

  return {
    async issue(userId) {
      const id = uuidV7();
      await insertSession(db, userId, { id, deviceId: null, userAgent: 'bot', address: null, lifetimeSeconds: LIFETIME_SECONDS });
      const bytes = Buffer.concat([Buffer.from(id.replaceAll('-', ''), 'hex'), keys.mac(`bot token ${id}`)]);
      return PREFIX + bytes.toString('base64url');
    },
    isBotToken: (token) => token.startsWith(PREFIX),
    async verify(token) {
      const sessionId = readSessionId(token);
      const cached = known.get(sessionId);
      if (cached !== undefined && cached.untilMs > nowMs()) return cached.principal;
      const session = await useBotSession(db, sessionId);
      if (session === undefined) throw refused();
      return remember(sessionId, { userId: session.userId, sessionId, guest: false, expiresAt: session.expiresAt.getTime() });
    },
  };
}
