import { batched } from '../batched.ts';
import type { BatchRange, ChangeRow, AppendRow, CreateConversation, EntryRange } from './types.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { createReads, type ReadOutcome } from './replicas/reads.ts';
import { appendChange } from './sql/append-change.ts';
import { appendEntries } from './sql/append-entries.ts';
import * as lists from './sql/lists.ts';
import { loadAccess } from './sql/load-access.ts';
import { type ChangesQuery, loadChanges } from './sql/load-changes.ts';
import { findMessage, loadConversation, loadConversationFor } from './sql/load-conversation.ts';
import { type HistoryQuery, loadHistory } from './sql/load-history.ts';
import { loadPositions } from './sql/load-positions.ts';
import { loadSync, type SyncQuery } from './sql/load-sync.ts';
import { loadMessage, loadPinned, loadThread, type ThreadQuery } from './sql/load-thread.ts';
import { joinMatch, leaveMatch, renewMatch } from './sql/match.ts';
import * as membership from './sql/membership.ts';
import { type PatchMe, patchMe, type SetRead, setRead, setReads, setUnread } from './sql/set-read.ts';
import { type SetThreadRead, setThreadRead } from './sql/set-thread-read.ts';
import * as tail from './sql/tail.ts';

export interface StoreOptions extends PoolOptions {
  /** Replicas. @default none */
  readUrls?: string[];
  onRead?(outcome: ReadOutcome): void;
}

/** Everything that this program asks of Postgres, except users and sessions (their queries take the pool). */
export function createStore(options: StoreOptions) {
  const pool = createPool(options);
  const { readUrls: urls = [], onRead = () => undefined, ...rest } = options;
  const reads = createReads({ ...rest, primary: pool, urls, onRead });
  const readTogether = batched((changes: SetRead[]) => setReads(pool, changes));
  return {
    pool,
    /** For reads that are worth a replica. */
    read: reads.read,
    replicas: reads.usable,

    appendEntries: (rows: AppendRow[]) => appendEntries(pool, rows),
    appendChange: (row: ChangeRow) => appendChange(pool, row),

    createConversation: (input: CreateConversation) => membership.createConversation(pool, input),
    addMembers: (change: membership.AddMembers) => membership.addMembers(pool, change),
    removeMember: (change: membership.RemoveMember) => membership.removeMember(pool, change),
    setRole: (change: membership.SetRole) => membership.setRole(pool, change),
    patchConversation: (change: membership.PatchConversation) => membership.patchConversation(pool, change),
    deleteConversation: (conversationId: string, expectVersion?: number | null) =>
      membership.deleteConversation(pool, conversationId, expectVersion),

    loadAccess: (conversationIds: string[]) => loadAccess(pool, conversationIds),
    listLargeConversations: batched((userIds: string[]) => lists.listLargeConversations(pool, userIds)),
    listMembers: (conversationId: string, query: lists.ListQuery) => lists.listMembers(pool, conversationId, query),
    sharesConversation: (userId: string, otherIds: string[]) => lists.sharesConversation(pool, userId, otherIds),
    listPeers: (userId: string) => lists.listPeers(pool, userId),
    browseChannels: (userId: string, q: string, query: lists.ListQuery) => reads.read((db) => lists.browseChannels(db, userId, q, query)),

    loadChanges: (query: ChangesQuery) => loadChanges(pool, query),
    loadSync: (query: SyncQuery) => loadSync(pool, query),
    loadHistory: (query: HistoryQuery) => reads.read((db) => loadHistory(db, query)),
    loadThread: (query: ThreadQuery) => reads.read((db) => loadThread(db, query)),
    loadPinned: (userId: string, conversationId: string, limit: number) =>
      reads.read((db) => loadPinned(db, userId, conversationId, limit)),
    loadMessage: (userId: string, conversationId: string, messageId: string) => loadMessage(pool, userId, conversationId, messageId),
    loadConversation: (userId: string, conversationId: string) => loadConversation(pool, userId, conversationId),
    loadConversationFor: (conversationId: string, userIds: string[]) => loadConversationFor(pool, conversationId, userIds),
    findMessage: (conversationId: string, messageId: string, viewerId?: string) => findMessage(pool, conversationId, messageId, viewerId),
    listReactors: (of: lists.ReactorsOf, query: lists.ListQuery) => lists.listReactors(pool, of, query),
    messageReceipts: (conversationId: string, messageId: string) => lists.messageReceipts(pool, conversationId, messageId),

    loadPositions: (userId: string, conversationIds: string[]) => loadPositions(pool, userId, conversationIds),
    /** null: not a member. */
    setRead: async (change: SetRead) => (await readTogether(change)) ?? setRead(pool, change),
    setUnread: (userId: string, conversationId: string, seq: number) => setUnread(pool, userId, conversationId, seq),
    setThreadRead: (change: SetThreadRead) => setThreadRead(pool, change),
    patchMe: (change: PatchMe) => patchMe(pool, change),

    joinMatch: (userId: string) => joinMatch(pool, userId),
    leaveMatch: (userId: string) => leaveMatch(pool, userId),
    renewMatch: (userIds: string[]) => renewMatch(pool, userIds),

    readTail: (sinceXid: number | null) => tail.readTail(pool, sinceXid),
    readRanges: (ranges: Pick<EntryRange, 'conversationId' | 'fromSeq' | 'toSeq'>[]) => tail.readRanges(pool, ranges),
    markPublished: (batchIds: string[]) => tail.markPublished(pool, batchIds),
    claimOutbox: (olderThanMs: number, limit: number, handle: (ranges: BatchRange[]) => Promise<string[]>) =>
      tail.claimOutbox(pool, olderThanMs, limit, handle),
    prunePublished: (olderThanMs: number) => tail.prunePublished(pool, olderThanMs),

    epoch: () => tail.loadEpoch(pool),
    /** Throws when Postgres does not answer. */
    ping: async () => void (await pool.query('select 1')),
    async [Symbol.asyncDispose]() {
      await reads[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

export type Store = ReturnType<typeof createStore>;
