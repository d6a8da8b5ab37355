import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import type { JWK } from 'jose';
import type { Logger } from '../log.ts';
import { insertKey, listKeys, retireKeys, type Db, type StoredKey } from '../store/sql/auth-keys.ts';

/** The row of the secret behind refresh tokens; its `kty` is `oct`, so it can never sign an access token. */
const REFRESH_KID = 'refresh';
const KID_PREFIX = 'ed25519-';

export interface KeyOptions {
  db: Db;
  log: Logger;
  accessTokenSeconds: number;
  /** How often other pods' keys are picked up. @default 20 s */
  refreshMs?: number;
  /** A new key signs only once every pod has read it. @default 60 s; 0 in tests that rotate */
  activateMs?: number;
  /** Age after which a key is replaced. @default 90 days */
  rotateMs?: number;
}

export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

export interface Keys extends AsyncDisposable {
  signingKey(): SigningKey;
  publicKey(kid: string): KeyObject | undefined;
  jwks(): { keys: JWK[] };
  /** HMAC-SHA256 with the installation's refresh secret. */
  mac(text: string): Buffer;
  isMac(text: string, mac: Buffer): boolean;
  /** Makes a new signing key; the old ones verify until their last token has expired. */
  rotate(): Promise<void>;
  reload(): Promise<void>;
  /** Called when a key was added or removed. */
  onChange(listener: () => void): void;
}

interface Ring {
  signing: SigningKey;
  public: Map<string, KeyObject>;
  jwks: { keys: JWK[] };
  secret: Buffer;
}

const DAY_MS = 86_400_000;

/**
 * The installation's keys, read from Postgres at start and every few seconds, used from memory only. Key ids are
 * numbered and the primary key lets one pod win, so that pods that start together agree without a lock (an advisory
 * lock would not hold through a transaction pooler).
 */
export async function createKeys(options: KeyOptions): Promise<Keys> {
  const { db, log, accessTokenSeconds, refreshMs = 20_000, activateMs = 60_000, rotateMs = 90 * DAY_MS } = options;
  // A pod may go on signing with a retired key until its next refresh, and the successor waits for its activation.
  const keepRetiredMs = accessTokenSeconds * 1_000 + activateMs + 2 * refreshMs + 60_000;
  const listeners: (() => void)[] = [];
  let ring = toRing(await loadOrCreate(db, keepRetiredMs), activateMs);

  async function reload(): Promise<void> {
    let stored = await loadOrCreate(db, keepRetiredMs);
    if (stored.every((k) => k.kid === REFRESH_KID || k.ageMs > rotateMs)) {
      await addKey(db, stored);
      stored = await loadOrCreate(db, keepRetiredMs);
    }
    const previous = [...ring.public.keys()].join();
    ring = toRing(stored, activateMs);
    if ([...ring.public.keys()].join() !== previous) for (const listener of listeners) listener();
  }

  const timer = setInterval(() => {
    reload().catch((error: unknown) => log.warn({ err: error }, 'signing keys could not be read; the known ones stay in use'));
  }, refreshMs);
  timer.unref();

  return {
    signingKey: () => ring.signing,
    publicKey: (kid) => ring.public.get(kid),
    jwks: () => ring.jwks,
    mac: (text) => createHmac('sha256', ring.secret).update(text).digest(),
    isMac(text, mac) {
      const expected = createHmac('sha256', ring.secret).update(text).digest();
      return mac.length === expected.length && timingSafeEqual(mac, expected);
    },
    async rotate() {
      await addKey(db, await loadOrCreate(db, keepRetiredMs));
      await reload();
    },
    reload,
    onChange: (listener) => void listeners.push(listener),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
    },
  };
}

async function loadOrCreate(db: Db, keepRetiredMs: number): Promise<StoredKey[]> {
  const stored = await listKeys(db, keepRetiredMs);
  const hasSecret = stored.some((k) => k.kid === REFRESH_KID);
  const hasSigning = stored.some((k) => k.kid !== REFRESH_KID && !k.retired);
  if (hasSecret && hasSigning) return stored;
  if (!hasSecret) await insertKey(db, REFRESH_KID, { kty: 'oct', k: randomBytes(32).toString('base64url') });
  if (!hasSigning) await insertKey(db, nextKid(stored), newJwk());
  return listKeys(db, keepRetiredMs);
}

/** The replaced keys are retired at once, which starts the time that they still verify. */
async function addKey(db: Db, stored: StoredKey[]): Promise<void> {
  const added = await insertKey(db, nextKid(stored), newJwk());
  if (added)
    await retireKeys(
      db,
      stored.filter((k) => k.kid !== REFRESH_KID).map((k) => k.kid),
    );
}

function nextKid(stored: StoredKey[]): string {
  const numbers = stored.filter((k) => k.kid.startsWith(KID_PREFIX)).map((k) => Number(k.kid.slice(KID_PREFIX.length)));
  return `${KID_PREFIX}${Math.max(0, ...numbers) + 1}`;
}

function newJwk(): JWK {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK;
}

function toRing(stored: StoredKey[], activateMs: number): Ring {
  const secret = stored.find((k) => k.kid === REFRESH_KID)?.jwk.k;
  const pairs = stored
    .filter((k) => k.jwk.kty === 'OKP')
    .map((k) => {
      const privateKey = createPrivateKey({ key: k.jwk as Record<string, unknown>, format: 'jwk' });
      return { ...k, privateKey, publicKey: createPublicKey(privateKey) };
    });
  // Newest that every pod knows; right after the first start there is only one, which nobody verifies before reading it.
  const signing = pairs.findLast((k) => k.ageMs >= activateMs) ?? pairs[0];
  if (!secret || !signing) throw new Error('the installation has no signing keys');
  return {
    signing: { kid: signing.kid, privateKey: signing.privateKey },
    public: new Map(pairs.map((k) => [k.kid, k.publicKey])),
    jwks: { keys: pairs.map((k) => ({ ...(k.publicKey.export({ format: 'jwk' }) as JWK), kid: k.kid, use: 'sig', alg: 'EdDSA' })) },
    secret: Buffer.from(secret, 'base64url'),
  };
}
