import { sha256 } from '@noble/hashes/sha2.js';
import type { Scheduler } from './scheduler.ts';

export interface Proof {
  challenge: string;
  nonce: string;
}

/** Between two looks at the clock: far below a millisecond. */
const BATCH = 200;
/** Work in one go; in a browser the page draws and listens in between. */
const SLICE_MS = 8;

/** Finds what makes the SHA-256 of `challenge:nonce` begin with `difficulty` zero bits: about 2^difficulty tries. */
export async function findProof(
  { challenge, difficulty }: { challenge: string; difficulty: number },
  scheduler: Scheduler,
): Promise<Proof> {
  const encoder = new TextEncoder();
  for (let n = 0; ; ) {
    const end = scheduler.now() + SLICE_MS;
    do {
      for (const last = n + BATCH; n < last; n += 1) {
        if (hasZeroBits(sha256(encoder.encode(`${challenge}:${n}`)), difficulty)) return { challenge, nonce: String(n) };
      }
    } while (scheduler.now() < end);
    await new Promise<void>((resolve) => scheduler.after(0, resolve));
  }
}

function hasZeroBits(digest: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i += 1) if (digest[i] !== 0) return false;
  return (bits & 7) === 0 || (digest[whole] ?? 0) >> (8 - (bits & 7)) === 0;
}
