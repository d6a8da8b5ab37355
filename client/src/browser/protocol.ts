import type { LocalMethod } from '../local/types.ts';

/** From the page to its worker. The first message says whose database it is. */
export type ToWorker =
  | { kind: 'open'; userId: string }
  | { kind: 'call'; id: number; method: LocalMethod; args: unknown[] }
  | { kind: 'wipe'; id: number };

/** From the worker to its page: the answer to the call of that number. */
export type FromWorker = { id: number; result?: unknown; error?: string };
