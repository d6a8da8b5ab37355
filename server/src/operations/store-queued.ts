import { ChatError, toWireError } from '@chatcluster/protocol/errors';
import type { MessageData } from '@chatcluster/protocol';
import { decideSend } from '../domain/permissions.ts';
import type { Fanout } from '../fanout/types.ts';
import type { Verdict } from '../ingest/drain-queue.ts';
import type { QueuedRow } from '../ingest/queue.ts';
import type { ConversationAccess } from '../store/types.ts';
import type { Membership } from './membership.ts';
import { findUnknownReference, unknownReference } from './send-message.ts';

export interface StoreQueuedDeps {
  membership: Pick<Membership, 'peek' | 'reload' | 'invalidate'>;
  hasMessage(conversationId: string, messageId: string): Promise<boolean>;
  fanout: Pick<Fanout, 'toUsers'>;
  onRejected(): void;
}

/** What draining the queue asks of the rules: who may still send what was queued (G6), and how a sender hears that it was refused. */
export function createStoreQueued(deps: StoreQueuedDeps) {
  /** An old copy may say yes (the version is checked where the row is stored), but never no. */
  async function loadAccess(rows: QueuedRow[]): Promise<Map<string, ConversationAccess | undefined>> {
    const { membership } = deps;
    const load = async ([id, own]: [string, QueuedRow[]]) => {
      const cached = membership.peek(id);
      const isEnough = cached !== undefined && own.every(({ actorId }) => decideSend(cached, actorId).ok);
      return [id, isEnough ? cached : await membership.reload(id)] as const;
    };
    return new Map(await Promise.all([...Map.groupBy(rows, ({ conversationId }) => conversationId)].map(load)));
  }

  async function refuse(row: QueuedRow, error: ChatError): Promise<Verdict> {
    // Its first try may have been committed without an answer, while its sender was still a member.
    return (await deps.hasMessage(row.conversationId, row.id)) ? 'stored' : error;
  }

  async function judge(row: QueuedRow, access: ConversationAccess | undefined, queuedBefore: Set<string>): Promise<Verdict> {
    const decision = decideSend(access, row.actorId);
    if (!decision.ok || access === undefined) return refuse(row, new ChatError(decision.ok ? 'not_found' : decision.code));
    const references = JSON.parse(row.data) as MessageData;
    const unknown = await findUnknownReference(references, (id) => queuedBefore.has(id) || deps.hasMessage(row.conversationId, id));
    return unknown === undefined ? { expectVersion: access.memberVersion } : refuse(row, unknownReference(unknown));
  }

  return {
    async authorise(rows: QueuedRow[]): Promise<Verdict[]> {
      const access = await loadAccess(rows);
      const accepted = new Set<string>();
      const verdicts: Verdict[] = [];
      for (const row of rows) {
        const verdict = await judge(row, access.get(row.conversationId), accepted);
        if (!(verdict instanceof ChatError)) accepted.add(row.id);
        verdicts.push(verdict);
      }
      return verdicts;
    },
    onStale: (conversationId: string, memberVersion: number) => deps.membership.invalidate(conversationId, memberVersion),
    onRejected({ conversationId, actorId, clientMsgId }: QueuedRow, error: ChatError): void {
      deps.onRejected();
      deps.fanout.toUsers([actorId], 'message:rejected', { conversationId, clientMsgId, error: toWireError(error) }, { droppable: false });
    },
  };
}
