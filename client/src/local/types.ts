import type { Conversation, Note, OwnUser, User } from '@chatcluster/protocol';
import type { LogMessage } from '../fold.ts';
import type { PendingMessage } from '../types.ts';

/** Who was signed in here, so that the app opens without a network. */
export interface KnownAccount {
  readonly user: OwnUser;
  readonly sessionId: string;
  /** Whom they had blocked: what those wrote stays folded without a network too. @default nobody */
  readonly blocked?: readonly string[];
}

/** Up to where `changes` was read. */
export interface Position {
  readonly epoch: number | undefined;
  readonly since: string | undefined;
}

/** How far one conversation was read. */
export interface ReadUpTo {
  readonly conversationId: string;
  readonly seq: number;
}

/** What the list needs. */
export interface LocalState extends Position {
  readonly conversations: readonly Conversation[];
  /** Positions that the server was not told yet. */
  readonly reads: readonly ReadUpTo[];
  readonly users: readonly User[];
}

/** The newest contiguous stretch of one conversation, everything up to `cursor` folded in. */
export interface LocalLog {
  readonly epoch: number | undefined;
  readonly cursor: number;
  readonly hasBefore: boolean;
  readonly messages: readonly LogMessage[];
  readonly notes: readonly Note[];
  /** Names this state of the stored log; see `LogChange`. */
  readonly version: string;
}

export interface LogChange {
  readonly conversationId: string;
  readonly cursor: number;
  readonly hasBefore: boolean;
  /** `seq` of the oldest message of the stretch; stored ones below it are forgotten. */
  readonly from: number;
  /** The stored version that `messages` is a change of; undefined: `messages` is the whole stretch. */
  readonly base: string | undefined;
  readonly version: string;
  /** Ascending; only those that changed since `base`. */
  readonly messages: readonly LogMessage[];
  /** All of the stretch; absent: as in `base`. */
  readonly notes?: readonly Note[];
}

/** Written as a whole or not at all. */
export interface LocalBatch extends Position {
  readonly conversations: readonly Conversation[];
  /** Conversations that are gone. */
  readonly removed: readonly string[];
  /** Conversations whose log is void. */
  readonly dropped: readonly string[];
  readonly logs: readonly LogChange[];
  readonly users: readonly User[];
  /** To be told to the server; a lower position than the stored one changes nothing. */
  readonly reads: readonly ReadUpTo[];
  /** Told: stored positions up to these are forgotten. */
  readonly told: readonly ReadUpTo[];
}

export interface WriteResult {
  /** Logs that another tab has written since `base`: to be written as a whole. */
  readonly stale: readonly string[];
  /** How many messages of each conversation to hand over; less when the device has no more room. */
  readonly keep: number;
}

/** The copy of one user's chats on this device. Every function runs to its end at once. */
export interface LocalDatabase {
  loadOutbox(): PendingMessage[];
  savePending(pending: PendingMessage): void;
  deletePending(clientMsgId: string): void;
  loadState(): LocalState;
  loadLog(conversationId: string): LocalLog | undefined;
  write(batch: LocalBatch): WriteResult;
}

export type LocalMethod = keyof LocalDatabase;
