import { hash, verify, type Options } from '@node-rs/argon2';
import { ChatError } from '@chatcluster/protocol/errors';
import { createGate } from './gate.ts';

export type PasswordCost = Pick<Options, 'memoryCost' | 'timeCost' | 'parallelism'>;

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. */
export const defaultPasswordCost: PasswordCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export interface PasswordOptions {
  /** Lower it in tests and load runs only. @default OWASP's */
  cost?: PasswordCost;
  /** Hashes at once: they share the thread pool with everything else of the process. @default 2 */
  concurrency?: number;
  /** Waiting calls beyond which `overloaded` is answered. @default 100 (about 2 s of work) */
  maxQueue?: number;
}

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long for an absent hash (unknown address, account without a password) as for a wrong password. */
  verify(stored: string | null, password: string): Promise<boolean>;
}

export async function createPasswords(options: PasswordOptions = {}): Promise<Passwords> {
  const { cost = defaultPasswordCost, concurrency = 2, maxQueue = 100 } = options;
  const run = createGate(concurrency, maxQueue, () => new ChatError('overloaded', { retryAfterMs: 2_000 }));
  const dummy = await hash('no account has this one', cost);
  return {
    hash: (password) => run(() => hash(password.normalize('NFKC'), cost)),
    verify: (stored, password) =>
      run(async () => {
        const matches = await verify(stored ?? dummy, password.normalize('NFKC'));
        return stored !== null && matches;
      }),
  };
}
