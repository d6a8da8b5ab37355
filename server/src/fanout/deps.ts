import type { Logger } from '../log.ts';
import type { BatchRange, ConversationAccess, EntryRange } from '../store/types.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Recent } from './recent.ts';
import type { Hub } from './types.ts';

/** Member lists, cached per pod; the shape of operations/membership.ts. */
export interface AccessCache {
  peek(conversationId: string, atLeastVersion?: number): ConversationAccess | undefined;
  get(conversationId: string, atLeastVersion?: number): Promise<ConversationAccess | undefined>;
}

/** The tail of Postgres. */
export interface TailStore {
  /** Batches at or above `sinceXid` and the new safe snapshot; null: no batches are wanted, only the snapshot. */
  readTail(sinceXid: number | null): Promise<{ ranges: BatchRange[]; safeXid: number }>;
  readRanges(ranges: BatchRange[]): Promise<EntryRange[]>;
}

export interface FanoutDeps {
  podId: string;
  hub: Hub;
  access: AccessCache;
  /** Remembers what was delivered, for reads while Postgres is away. */
  recent?: Pick<Recent, 'add'>;
  log: Logger;
  /** @default none */
  tracing?: Tracing;
}
