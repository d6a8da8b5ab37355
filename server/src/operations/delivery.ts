import type { Entry } from '@chatcluster/protocol';
import type { Publish } from '../fanout/types.ts';
import type { Committed } from '../ingest/group-commit.ts';
import type { Logger } from '../log.ts';
import type { AppendResult, AppendRow, ChangeStored, ConversationAccess } from '../store/types.ts';
import { noTracing, type Tracing } from '../tracing/tracing.ts';
import type { Membership } from './membership.ts';

export interface DeliveryDeps {
  publish(batch: Publish): Promise<boolean>;
  markPublished(batchIds: string[]): Promise<void>;
  membership: Pick<Membership, 'get' | 'peek'>;
  log: Logger;
  /** @default none */
  tracing?: Tracing;
}

type Stored = Extract<AppendResult, { status: 'stored' }>;

/** What one transaction stored of one conversation. */
interface Group {
  entries: Entry[];
  first: Pick<Stored, 'closeBehind'>;
  last: Pick<Stored, 'routing' | 'memberVersion'>;
}

interface TracedGroup extends Group {
  /** Of the first of them that is traced. */
  traceparent: string | undefined;
}

function toEntry(row: AppendRow, result: Stored): Entry {
  return {
    seq: result.seq,
    type: row.type,
    id: row.id,
    at: result.at,
    actorId: row.actorId,
    ...(row.clientMsgId === null ? {} : { clientMsgId: row.clientMsgId }),
    data: JSON.parse(row.data),
  } as Entry;
}

/** Groups what one batch stored by conversation; inside a conversation the rows are contiguous and in order. */
function groupStored(committed: Committed): Map<string, TracedGroup> {
  const groups = new Map<string, TracedGroup>();
  committed.rows.forEach((row, i) => {
    const result = committed.results[i]!;
    if (result.status !== 'stored') return;
    const entry = toEntry(row, result);
    const group = groups.get(row.conversationId);
    const traceparent = committed.traceparents?.[i];
    if (group === undefined) groups.set(row.conversationId, { entries: [entry], first: result, last: result, traceparent });
    else {
      group.traceparent ??= traceparent;
      group.entries.push(entry);
      group.last = result;
    }
  });
  return groups;
}

/**
 * From COMMIT to the fan-out. A batch is marked published only when every pod concerned was told of all of it;
 * else its outbox row stays and the sweeper repeats it.
 */
export function createDelivery(deps: DeliveryDeps) {
  const { membership, log, tracing = noTracing } = deps;
  let done: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const open = new Set<Promise<void>>();

  async function flushDone(): Promise<void> {
    timer = undefined;
    const ids = done;
    done = [];
    try {
      await deps.markPublished(ids);
    } catch (error) {
      // The sweeper repeats them; clients drop what they have by seq.
      log.warn({ err: error, batches: ids.length }, 'published batches could not be marked');
    }
  }

  function markLater(batchId: string): void {
    done.push(batchId);
    timer ??= setTimeout(() => track(flushDone()), 100);
  }

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => open.delete(tracked));
    open.add(tracked);
  }

  function publishTo(access: ConversationAccess, { entries, first, last }: Group, extra: string[]): Promise<boolean> {
    const recipients = last.routing === 'user' ? [...access.members.keys(), ...extra] : extra;
    return deps.publish({
      conversationId: access.id,
      fromSeq: entries[0]!.seq,
      toSeq: entries.at(-1)!.seq,
      memberVersion: access.memberVersion,
      routing: last.routing,
      recipients,
      entries,
      closeBehind: first.closeBehind,
      traceparent: tracing.traceparent(),
    });
  }

  /** Synchronous up to the hand-over while the member list is cached, so that publishes keep the order of commits. */
  function publish(conversationId: string, group: Group, extra: string[] = []): Promise<boolean> {
    const { memberVersion } = group.last;
    const cached = membership.peek(conversationId, memberVersion);
    if (cached !== undefined) return publishTo(cached, group, extra);
    return membership.get(conversationId, memberVersion).then((access) => (access === undefined ? false : publishTo(access, group, extra)));
  }

  function settle(batchId: string | null, publishes: Promise<boolean>[]): void {
    const work = Promise.all(publishes).then(
      (told) => {
        if (batchId !== null && told.every(Boolean)) markLater(batchId);
      },
      (error: unknown) => log.warn({ err: error, batchId }, 'publish failed; the outbox will repeat it'),
    );
    track(work);
  }

  return {
    onCommitted(committed: Committed): void {
      const publishes: Promise<boolean>[] = [];
      for (const [conversationId, group] of groupStored(committed)) {
        const hand = () => publish(conversationId, group);
        const { traceparent: parent } = group;
        publishes.push(parent === undefined ? hand() : tracing.span('publish', { kind: 'producer', parent }, hand));
      }
      settle(committed.batchId, publishes);
    },
    /** @param extra people who must see it although they are no members any more (the removed one). */
    onChange(conversationId: string, changes: ChangeStored[], extra: string[] = []): void {
      const stored = changes.filter((change) => change.status === 'stored');
      const [first, last] = [stored[0], stored.at(-1)];
      if (first === undefined || last === undefined) return;
      settle(last.batchId, [publish(conversationId, { entries: stored.map((change) => change.entry), first, last }, extra)]);
    },
    /** Resolves when everything handed over so far was told to the pods and marked. */
    async drained(): Promise<void> {
      while (open.size > 0 || timer !== undefined) {
        if (timer !== undefined) {
          clearTimeout(timer);
          await flushDone();
        }
        await Promise.all(open);
      }
    },
  };
}
export type Delivery = ReturnType<typeof createDelivery>;
