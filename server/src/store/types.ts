import type {
  ChangesPage, Conversation, ConversationKind, Entry, EntryType, HistoryPage, Level, Member, OwnUser, Role, SyncPage, User,
} from '@chatcluster/protocol';

/** Where the publisher of a conversation's entries looks for pods: by member, or by conversation (large ones). */
export type Routing = 'user' | 'conversation';

export interface AppendRow {
  conversationId: string;
  /** Entry id: UUIDv5(conversationId, `${actorId}:${clientMsgId}`), so a duplicate has the same id on every pod. */
  id: string;
  type: EntryType;
  actorId: string;
  clientMsgId: string | null;
  /** JSON of the entry's `data`. */
  data: string;
  /** The member version that the caller authorised against; another one in the row answers `stale`, nothing is written. null: do not check. */
  expectVersion: number | null;
}

export type AppendResult =
  | { status: 'stored'; seq: number; at: string; memberVersion: number; routing: Routing }
  | { status: 'duplicate'; seq: number; at: string }
  | { status: 'stale'; memberVersion: number }
  /** The conversation does not exist (any more). */
  | { status: 'missing' }
  /** Its data cannot be stored; the other rows of the batch were. */
  | { status: 'invalid' };

export interface AppendOutcome {
  /** Results in the order of the rows. */
  results: AppendResult[];
  /** Names the outbox row; null when nothing was stored. */
  batchId: string | null;
}

/** What authorisation and routing need of a conversation; cached per pod and valid for exactly one memberVersion. */
export interface ConversationAccess {
  id: string;
  kind: ConversationKind;
  history: 'all' | 'joined';
  archived: boolean;
  memberVersion: number;
  routing: Routing;
  lastSeq: number;
  /** Current members only. */
  members: Map<string, { role: Role; firstSeq: number }>;
  /** Former members (left or removed) → the last seq that they may read. */
  former: Map<string, number>;
}

/** One stored range that may still have to reach somebody. */
export interface BatchRange {
  batchId: string;
  conversationId: string;
  fromSeq: number;
  toSeq: number;
}

export interface EntryRange {
  conversationId: string;
  fromSeq: number;
  toSeq: number;
  memberVersion: number;
  routing: Routing;
  entries: Entry[];
}

/** Answer of a change that writes one entry by itself (membership, titles, edits, reactions …). */
export interface ChangeStored {
  status: 'stored' | 'duplicate';
  seq: number;
  at: string;
  entry: Entry;
  memberVersion: number;
  routing: Routing;
  batchId: string | null;
}

export type { ChangesPage, Conversation, HistoryPage, Level, Member, OwnUser, Role, SyncPage, User };
