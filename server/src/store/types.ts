import type { EndedCode } from '@chatcluster/protocol/errors';
import type {
  ChangesPage,
  Conversation,
  ConversationKind,
  ConversationMe,
  Entry,
  EntryType,
  HistoryPage,
  Level,
  Member,
  MessageReceipt,
  OwnUser,
  Role,
  SyncPage,
  User,
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

/** What publishing needs to know of the entry before. */
export interface Behind {
  /** It was stored less than a second before, so that its publish may still be on its way. */
  closeBehind: boolean;
}

export type AppendResult =
  | ({ status: 'stored'; seq: number; at: string; memberVersion: number; routing: Routing } & Behind)
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
  /** Of a direct conversation: one of the two has blocked the other. A block moves the member version. */
  blocked?: boolean;
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
export interface ChangeStored extends Behind {
  status: 'stored' | 'duplicate';
  seq: number;
  at: string;
  entry: Entry;
  memberVersion: number;
  routing: Routing;
  batchId: string | null;
}

/** An edit, deletion, reaction or pin. */
export interface ChangeRow {
  conversationId: string;
  id: string;
  type: 'edit' | 'delete' | 'reaction' | 'pin';
  actorId: string;
  clientMsgId: string | null;
  data: { messageId: string; body?: string; emoji?: string; on?: boolean };
  /** As in AppendRow. */
  expectVersion: number | null;
}

export type ChangeResult =
  | ChangeStored
  /** It was so already: no entry. `seq` is the conversation's last. */
  | { status: 'unchanged'; seq: number }
  | { status: 'stale'; memberVersion: number }
  /** No such conversation. */
  | { status: 'missing' }
  /** No such message, or it is deleted. */
  | { status: 'gone' };

export interface MembershipChanged {
  /** `unchanged`: it was so already, nothing was written. */
  status: 'changed' | 'unchanged';
  /** The entries written, in order. */
  changes: ChangeStored[];
  /** Whom it was about: added, removed, given another role. */
  userIds: string[];
  memberVersion: number;
  routing: Routing;
  memberCount: number;
}

export type MembershipResult =
  | MembershipChanged
  | { status: 'stale'; memberVersion: number }
  | { status: 'missing' }
  /** It would exceed `maxMembers`. */
  | { status: 'full' };

export interface CreateConversation {
  id: string;
  kind: ConversationKind;
  title?: string;
  topic?: string;
  history: 'all' | 'joined';
  matched?: boolean;
  creatorId: string;
  /** Those that do not exist are passed over. */
  memberIds: string[];
  clientId?: string;
  /** Same for both of a pair: their ids in order. */
  directKey?: string;
}

/** `created: false`: `id` is the existing one and nothing was written. */
export type CreatedConversation = MembershipChanged & { id: string; created: boolean };

export interface ReadMoved {
  /** Own position or counts moved: the reader's other devices want `conversation:me`. */
  moved: boolean;
  /** Set when what the others see moved. */
  delivered?: number;
  read?: number;
  me: ConversationMe;
}

export interface ChannelSummary {
  id: string;
  title?: string;
  topic?: string;
  memberCount: number;
  createdAt: string;
  joined: boolean;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export type { ChangesPage, Conversation, HistoryPage, Level, Member, MessageReceipt, OwnUser, Role, SyncPage, User };

/** Why sessions end for good. */
export type RevokedCode = Extract<EndedCode, 'revoked' | 'account_deleted'>;
