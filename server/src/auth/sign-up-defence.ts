import { createHash, randomBytes } from 'node:crypto';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Db } from '../store/sql/auth-keys.ts';
import { takeChallenge } from '../store/sql/challenges.ts';
import type { Keys } from './keys.ts';

/** What a client found: SHA-256 of `challenge:nonce` begins with as many zero bits as the challenge asks for. */
export interface Proof {
  challenge: string;
  nonce: string;
}

export type Challenge =
  | { required: false }
  | { required: true; algorithm: 'sha256'; challenge: string; difficulty: number; expiresIn: number };

export interface SignUpDefence {
  create(): Challenge;
  /** Throws ChatError `forbidden` unless the proof is good, fresh and unused; does nothing where none is asked for. */
  check(proof: Proof | undefined): Promise<void>;
}

export interface SignUpDefenceDeps {
  db: Db;
  keys: Pick<Keys, 'mac' | 'isMac'>;
  /** Zero bits; each doubles the work. 0: off. */
  difficulty: number;
  /** @default Date.now */
  nowMs?: () => number;
}

const LIFETIME_SECONDS = 300;
const SHAPE = /^([A-Za-z0-9_-]{22})\.(\d{10})\.(\d{1,2})\.([A-Za-z0-9_-]{43})$/;

/**
 * Proof of work: a second of one machine for a person, a bill for who wants thousands of accounts. Challenges are signed
 * and not stored, so that asking for them costs nothing; a used one is kept until it would have expired.
 */
export function createSignUpDefence({ db, keys, difficulty, nowMs = Date.now }: SignUpDefenceDeps): SignUpDefence {
  return {
    create() {
      if (difficulty === 0) return { required: false };
      const head = `${randomBytes(16).toString('base64url')}.${Math.floor(nowMs() / 1_000) + LIFETIME_SECONDS}.${difficulty}`;
      const challenge = `${head}.${keys.mac(`challenge.${head}`).toString('base64url')}`;
      return { required: true, algorithm: 'sha256', challenge, difficulty, expiresIn: LIFETIME_SECONDS };
    },
    async check(proof) {
      if (difficulty === 0) return;
      const hash = proof && isGood(proof) ? createHash('sha256').update(proof.challenge).digest() : undefined;
      if (!hash || !(await takeChallenge(db, hash, LIFETIME_SECONDS))) {
        throw new ChatError('forbidden', {
          message: 'A fresh proof of work is needed: see GET /v1/auth/challenge.',
          details: { challenge: 'required' },
        });
      }
    },
  };

  function isGood({ challenge, nonce }: Proof): boolean {
    const [, random, ends, bits, mac] = SHAPE.exec(challenge) ?? [];
    if (mac === undefined || Number(ends) * 1_000 < nowMs()) return false;
    if (!keys.isMac(`challenge.${random}.${ends}.${bits}`, Buffer.from(mac, 'base64url'))) return false;
    return zeroBits(createHash('sha256').update(`${challenge}:${nonce}`).digest()) >= Number(bits);
  }
}

function zeroBits(digest: Buffer): number {
  const first = digest.findIndex((byte) => byte !== 0);
  return first < 0 ? digest.length * 8 : first * 8 + Math.clz32(digest[first]!) - 24;
}
