import { createHmac, generateKeyPairSync, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { ConfigError } from '../config/env.ts';
import type { Logger } from '../log.ts';
import {
  insertKey,
  listKeys,
  listPublishedKeys,
  publishKeys,
  retireKeys,
  withdrawKeys,
  type Db,
  type StoredKey,
} from '../store/sql/auth-keys.ts';
import { readKeyFile, type FileKey } from './key-file.ts';
import { REFRESH_KID, toRing, type SigningKey } from './key-ring.ts';

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
  /** Path of keys that somebody else makes and rotates; then Postgres keeps their public parts only. @default none */
  file?: string;
  /** False where nobody signs in: no signing key is made. @default true */
  isIssuer?: boolean;
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

const DAY_MS = 86_400_000;
/** So long after a key of the file began to sign, those of Postgres are given up: every pod has been replaced. */
const OVERLAP_MS = 3_600_000;
/** A key that no pod has said to have for so many rounds was taken out of the file. */
const WITHDRAW_ROUNDS = 4;

/**
 * The installation's keys, read at start and every few seconds, used from memory only. Those that Postgres keeps have numbers
 * as ids and the primary key lets one pod win, so that pods that start together agree without a lock (an advisory lock would
 * not hold through a transaction pooler). Those of a file are published there, so that pods with an older file verify them.
 */
export async function createKeys(options: KeyOptions): Promise<Keys> {
  const { db, log, accessTokenSeconds, refreshMs = 20_000, activateMs = 60_000, rotateMs = 90 * DAY_MS, file, isIssuer = true } = options;
  // A pod may go on signing with a retired key until its next refresh, and the successor waits for its activation.
  const keepMs = accessTokenSeconds * 1_000 + activateMs + 2 * refreshMs + 60_000;
  const makesKeys = isIssuer && file === undefined;
  const listeners: (() => void)[] = [];
  let fileKeys: FileKey[] = [];
  // After an outage the other pods have not said yet what they have.
  let wasPublished = false;

  async function publish(path: string): Promise<void> {
    const canWithdraw = wasPublished;
    wasPublished = false;
    fileKeys = await readKeyFile(path);
    const clashes = await publishKeys(db, fileKeys.map(toPublicJwk));
    if (clashes.length > 0) {
      throw new ConfigError(`SIGNING_KEYS_FILE="${path}": the id "${clashes[0]}" belongs to another key; give each key an id of its own`);
    }
    const kids = fileKeys.map(({ kid }) => kid);
    if (canWithdraw) await withdrawKeys(db, kids, WITHDRAW_ROUNDS * refreshMs);
    wasPublished = true;
  }

  async function look() {
    if (file !== undefined) await publish(file);
    const stored = await loadOrCreate(db, keepMs, makesKeys);
    return { ring: toRing({ stored, file: fileKeys, published: await listPublishedKeys(db, keepMs) }, activateMs), stored };
  }
  let { ring } = await look();

  async function reload(): Promise<void> {
    let next = await look();
    const made = next.stored.filter((k) => k.kid !== REFRESH_KID && !k.retired);
    if (makesKeys && made.every((k) => k.ageMs > rotateMs)) {
      await addKey(db, next.stored);
      next = await look();
    } else if ((next.ring.fileKeyAgeMs ?? 0) > OVERLAP_MS && made.length > 0) {
      await retireKeys(
        db,
        made.map(({ kid }) => kid),
      );
    }
    const previous = [...ring.public.keys()].join();
    ring = next.ring;
    if ([...ring.public.keys()].join() !== previous) for (const listener of listeners) listener();
  }

  let timer: NodeJS.Timeout;
  function lookLater(): void {
    // On a first start the pods that issue tokens may make the first key a moment later.
    const delay = ring.public.size === 0 ? Math.min(refreshMs, 1_000) : refreshMs;
    timer = setTimeout(() => {
      reload()
        .catch((error: unknown) => log.warn({ err: error }, 'signing keys could not be read; the known ones stay in use'))
        .finally(() => isClosed || lookLater());
    }, delay);
    timer.unref();
  }
  let isClosed = false;
  lookLater();

  return {
    signingKey() {
      if (!ring.signing) throw new Error('this pod has no key to sign with');
      return ring.signing;
    },
    publicKey: (kid) => ring.public.get(kid),
    jwks: () => ring.jwks,
    mac: (text) => createHmac('sha256', ring.secret).update(text).digest(),
    isMac(text, mac) {
      const expected = createHmac('sha256', ring.secret).update(text).digest();
      return mac.length === expected.length && timingSafeEqual(mac, expected);
    },
    async rotate() {
      if (!makesKeys) throw new Error('the signing keys of this pod are rotated in its file');
      await addKey(db, await loadOrCreate(db, keepMs, true));
      await reload();
    },
    reload,
    onChange: (listener) => void listeners.push(listener),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function toPublicJwk({ kid, publicKey }: FileKey): { kid: string; jwk: JWK } {
  return { kid, jwk: publicKey.export({ format: 'jwk' }) as JWK };
}

async function loadOrCreate(db: Db, keepRetiredMs: number, makesKeys: boolean): Promise<StoredKey[]> {
  const stored = await listKeys(db, keepRetiredMs);
  const hasSecret = stored.some((k) => k.kid === REFRESH_KID);
  const hasSigning = !makesKeys || stored.some((k) => k.kid !== REFRESH_KID && !k.retired);
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
