import { errors, jwtVerify, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Keys } from './keys.ts';
import type { Principal } from './types.ts';

const NAME = 'chatcluster';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Verifying costs about 0.1 ms, looking up nothing; 20,000 tokens are about 15 MiB. */
const CACHE_SIZE = 20_000;

export interface AccessTokenOptions {
  keys: Keys;
  accessTokenSeconds: number;
  /** Milliseconds. @default Date.now */
  now?: () => number;
}

export interface AccessTokens {
  sign(subject: { userId: string; sessionId: string; guest: boolean }): Promise<string>;
  /** Throws ChatError `unauthenticated` or `token_expired`. No I/O; says nothing about revocation. */
  verify(token: string): Promise<Principal>;
}

export function createAccessTokens({ keys, accessTokenSeconds, now = Date.now }: AccessTokenOptions): AccessTokens {
  const cache = new Map<string, Principal>();
  keys.onChange(() => cache.clear());

  /** Those that are over go, as far as they stand before one that is not: who has a newer token never asks for the old one again. */
  function remember(token: string, principal: Principal): Principal {
    for (const [oldest, { expiresAt }] of cache) {
      if (cache.size < CACHE_SIZE && expiresAt > now()) break;
      cache.delete(oldest);
    }
    cache.set(token, principal);
    return principal;
  }

  function remembered(token: string): Principal | undefined {
    const principal = cache.get(token);
    if (principal && principal.expiresAt <= now()) {
      cache.delete(token);
      throw new ChatError('token_expired');
    }
    return principal;
  }

  return {
    sign({ userId, sessionId, guest }) {
      const key = keys.signingKey();
      const at = Math.floor(now() / 1_000);
      return new SignJWT({ sid: sessionId, guest })
        .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'at+jwt' })
        .setSubject(userId)
        .setIssuer(NAME)
        .setAudience(NAME)
        .setIssuedAt(at)
        .setExpirationTime(at + accessTokenSeconds)
        .sign(key.privateKey);
    },
    async verify(token) {
      return remembered(token) ?? remember(token, await verifyToken(keys, token, now()));
    },
  };
}

async function verifyToken(keys: Keys, token: string, nowMs: number): Promise<Principal> {
  try {
    const { payload } = await jwtVerify(token, (header) => findKey(keys, header), {
      algorithms: ['EdDSA'],
      issuer: NAME,
      audience: NAME,
      typ: 'at+jwt',
      requiredClaims: ['sub', 'sid', 'exp'],
      currentDate: new Date(nowMs),
    });
    return toPrincipal(payload);
  } catch (error) {
    if (error instanceof ChatError) throw error;
    if (error instanceof errors.JWTExpired) throw new ChatError('token_expired', { cause: error });
    throw new ChatError('unauthenticated', { message: 'The access token is not valid.', cause: error });
  }
}

function findKey(keys: Keys, header: JWTHeaderParameters) {
  const key = keys.publicKey(header.kid ?? '');
  // Most likely of a key that was taken away: whoever may refresh gets another token and stays signed in.
  if (!key && header.kid) throw new ChatError('token_expired');
  if (!key) throw new ChatError('unauthenticated', { message: 'The access token is not valid.' });
  return key;
}

function toPrincipal({ sub, sid, guest, exp }: JWTPayload): Principal {
  if (typeof sub !== 'string' || typeof sid !== 'string' || !UUID.test(sub) || !UUID.test(sid)) throw new ChatError('unauthenticated');
  return { userId: sub, sessionId: sid, guest: guest === true, expiresAt: exp! * 1_000 };
}
