import type { Limits } from '@chatcluster/protocol';
import { createAudit } from '../audit.ts';
import { decideSend } from '../domain/permissions.ts';
import { type Committed, createGroupCommit } from '../ingest/group-commit.ts';
import { createIngest, type IngestDeps } from '../ingest/ingest.ts';
import type { Recent } from '../fanout/recent.ts';
import type { Fanout } from '../fanout/types.ts';
import type { Logger } from '../log.ts';
import { listBlockers } from '../store/sql/blocks.ts';
import { existingUsers, listAuthors } from '../store/sql/user-lookups.ts';
import type { Store } from '../store/store.ts';
import type { AppendRow } from '../store/types.ts';
import { auditConversations } from './audit-conversations.ts';
import { createAttach } from './attachments.ts';
import { createCatchUp } from './catch-up.ts';
import { createChangeMessage } from './change-message.ts';
import { createConversations } from './conversations.ts';
import { createDelivery } from './delivery.ts';
import { createFindSent } from './find-sent.ts';
import { createLoadForwarded } from './forward.ts';
import { createInvites } from './invites.ts';
import { createRemovePreviews } from './link-previews.ts';
import type { Membership } from './membership.ts';
import { createMatch } from './match.ts';
import { createMessageReads } from './message-reads.ts';
import { createReceipts } from './receipts.ts';
import { authorise } from './require.ts';
import { createSearch } from './search.ts';
import { createSendMessage } from './send-message.ts';
import { createStoreQueued } from './store-queued.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { createTyping } from './typing.ts';

export interface OperationsDeps extends Pick<IngestDeps, 'laneOf' | 'isPostgresReachable'> {
  store: Store;
  fanout: Fanout;
  membership: Membership;
  recent: Pick<Recent, 'read'>;
  /** Whether a socket of this user is on this pod. */
  isHere(userId: string): boolean;
  limits: Limits;
  rateLimits: boolean;
  batchWindowMs: number;
  onBatch(rows: number): void;
  onPublished(told: boolean): void;
  onQueued(): void;
  onRejected(): void;
  tracing: Tracing;
  log: Logger;
}

/** Every use case, wired to the same membership cache, batch and delivery. */
export function createOperations(deps: OperationsDeps) {
  const { store, fanout, membership, limits, log } = deps;
  const delivery = createDelivery({
    membership,
    tracing: deps.tracing,
    log,
    markPublished: (ids) => store.markPublished(ids),
    publish: async (batch) => {
      const told = await fanout.publish(batch);
      deps.onPublished(told);
      return told;
    },
  });
  const onCommitted = (committed: Committed) => {
    deps.onBatch(committed.rows.length);
    delivery.onCommitted(committed);
  };
  const commit = createGroupCommit({
    tracing: deps.tracing,
    append: (rows) => store.appendEntries(rows),
    windowMs: deps.batchWindowMs,
    revise: async (row, memberVersion) => {
      const access = await authorise(membership, row.conversationId, (a) => decideSend(a, row.actorId), memberVersion);
      return { ...row, expectVersion: access.memberVersion };
    },
    onCommitted,
  });
  const ingest = createIngest({ ...deps, commit });
  const hasMessage = async (conversationId: string, messageId: string) => (await store.findMessage(conversationId, messageId)) !== null;
  const conversations = createConversations({
    store,
    membership,
    delivery,
    fanout,
    limits,
    existingUsers: (userIds) => existingUsers(store.pool, userIds),
    blockers: (userId, otherIds) => listBlockers(store.pool, userId, otherIds),
  });
  const receipts = createReceipts({
    store,
    membership,
    fanout,
    log,
    listAuthors: (conversationId, seq, lookBack) => listAuthors(store.pool, conversationId, seq, lookBack),
  });
  return {
    commit,
    ingest,
    delivery,
    storeQueued: {
      ...createStoreQueued({ membership, hasMessage, fanout, onRejected: deps.onRejected }),
      append: (rows: AppendRow[]) => store.appendEntries(rows),
      onCommitted,
    },
    receipts,
    catchUp: createCatchUp({ store, membership, recent: deps.recent, isHere: deps.isHere }),
    changeMessage: createChangeMessage({ store, membership, delivery, limits }),
    removePreviews: createRemovePreviews({ store, membership, delivery }),
    conversations: auditConversations(conversations, createAudit({ db: store.pool, log })),
    invites: createInvites({ pool: store.pool, membership, conversations, limits }),
    match: createMatch({ store, announce: conversations.announce, log }),
    reads: createMessageReads({ store }),
    search: createSearch({ read: store.read, rateLimits: deps.rateLimits }),
    sendMessage: createSendMessage({
      membership,
      ingest,
      hasMessage,
      loadForwarded: createLoadForwarded(store),
      attach: createAttach(store.pool),
      limits,
    }),
    findSent: createFindSent(store),
    typing: createTyping({ membership, fanout }),
    /** Everything acknowledged has been handed to the pods. */
    async drained(): Promise<void> {
      await commit.drained();
      await receipts.drained();
      await delivery.drained();
    },
  };
}
export type Operations = ReturnType<typeof createOperations>;
