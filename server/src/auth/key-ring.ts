import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import type { PublishedKey, StoredKey } from '../store/sql/auth-keys.ts';
import type { FileKey } from './key-file.ts';

/** The row of the secret behind refresh tokens; its `kty` is `oct`, so it can never sign an access token. */
export const REFRESH_KID = 'refresh';

export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

export interface Ring {
  /** Undefined on pods that only need the refresh secret. */
  signing: SigningKey | undefined;
  /** Of the signing key, if it comes from the file: since when other pods can know it. */
  fileKeyAgeMs: number | undefined;
  public: Map<string, KeyObject>;
  jwks: { keys: JWK[] };
  secret: Buffer;
}

/** What Postgres keeps, what this pod's file holds, and what the files of other pods hold. */
export interface KeySources {
  stored: StoredKey[];
  file: FileKey[];
  published: PublishedKey[];
}

interface Pair {
  kid: string;
  ageMs: number;
  privateKey: KeyObject | undefined;
  publicKey: KeyObject;
}

export function toRing(sources: KeySources, activateMs: number): Ring {
  const secret = sources.stored.find((k) => k.kid === REFRESH_KID)?.jwk.k;
  if (!secret) throw new Error('the installation has no refresh secret');
  const own = fromFile(sources);
  const made = fromPostgres(sources.stored);
  const all = [...made, ...own, ...fromOthers(sources)];
  const signing = choose(own, made, activateMs);
  return {
    signing: signing?.privateKey && { kid: signing.kid, privateKey: signing.privateKey },
    fileKeyAgeMs: own.find((k) => k === signing)?.ageMs,
    public: new Map(all.map((k) => [k.kid, k.publicKey])),
    jwks: { keys: all.map((k) => ({ ...(k.publicKey.export({ format: 'jwk' }) as JWK), kid: k.kid, use: 'sig', alg: 'EdDSA' })) },
    secret: Buffer.from(secret, 'base64url'),
  };
}

/**
 * The first of the file, else the newest that Postgres keeps, that every pod knows. Right after the first start there is none;
 * then nobody verifies a key before reading it.
 */
function choose(own: Pair[], made: Pair[], activateMs: number): Pair | undefined {
  const isKnown = (k: Pair) => k.ageMs >= activateMs;
  const signers = own.filter((k) => k.privateKey);
  return signers.find(isKnown) ?? made.findLast(isKnown) ?? made[0] ?? signers[0];
}

function fromPostgres(stored: StoredKey[]): Pair[] {
  return stored
    .filter((k) => k.jwk.kty === 'OKP')
    .map(({ kid, jwk, ageMs }) => {
      const privateKey = createPrivateKey({ key: jwk as Record<string, unknown>, format: 'jwk' });
      return { kid, ageMs, privateKey, publicKey: createPublicKey(privateKey) };
    });
}

function fromFile({ file, published }: KeySources): Pair[] {
  return file.map((key) => ({ ...key, ageMs: published.find(({ kid }) => kid === key.kid)?.ageMs ?? 0 }));
}

function fromOthers({ file, published }: KeySources): Pair[] {
  const own = new Set(file.map(({ kid }) => kid));
  return published
    .filter(({ kid }) => !own.has(kid))
    .map(({ kid, jwk, ageMs }) => ({
      kid,
      ageMs,
      privateKey: undefined,
      publicKey: createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' }),
    }));
}
