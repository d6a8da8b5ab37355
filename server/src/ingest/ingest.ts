import { ChatError } from '@chatcluster/protocol/errors';
import { isUnavailable } from '../store/errors.ts';
import type { AppendResult, AppendRow } from '../store/types.ts';
import type { Gate } from './gate.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Queue, QueuedRow } from './queue.ts';

/** A Redis server as the sends of its conversations see it. */
export interface Lane {
  gate: Pick<Gate, 'isOpen' | 'isPending' | 'forget' | 'opened'>;
  queue: Queue;
}

export type IngestResult = AppendResult | { status: 'queued'; at: string; duplicate: boolean };

export interface IngestDeps {
  commit: Pick<GroupCommit, 'submit'>;
  /** undefined: no Redis, no queue. */
  laneOf(conversationId: string): Lane | undefined;
  isPostgresReachable(): boolean;
  onQueued?(): void;
}

export interface SubmitOptions {
  /** Its references could not be looked up: only the queue, which looks when it drains, may take it. */
  unchecked?: boolean;
}

/** How long a send waits for a pod that has just found Postgres again. */
const OPENING_MS = 1_000;

const unavailable = (cause?: unknown) => new ChatError('unavailable', { retryAfterMs: 1_000, cause });

function toQueued({ conversationId, id, actorId, clientMsgId, data }: AppendRow): QueuedRow {
  return { conversationId, id, actorId, clientMsgId: clientMsgId ?? '', data };
}

/**
 * The way of a row: straight to Postgres, or behind what is queued of its conversation. One conversation never takes both
 * ways at once. A way is chosen in the turn in which the row comes, so that pipelined rows keep their order: while one of
 * them asks Redis, those after it ask too, and the answers come in the order of the questions.
 */
export function createIngest(deps: IngestDeps) {
  const asking = new Map<string, number>();

  function asked(conversationId: string): void {
    const left = (asking.get(conversationId) ?? 1) - 1;
    if (left > 0) asking.set(conversationId, left);
    else asking.delete(conversationId);
  }

  async function ask(row: AppendRow, lane: Lane, isChecked: boolean): Promise<() => Promise<IngestResult>> {
    const outcome = await lane.queue.enqueue(toQueued(row));
    switch (outcome.status) {
      case 'queued':
      case 'duplicate':
        deps.onQueued?.();
        return async () => ({ status: 'queued', at: outcome.at, duplicate: outcome.status === 'duplicate' });
      case 'full':
        throw new ChatError('overloaded', { retryAfterMs: 5_000 });
      case 'unknown':
        throw unavailable();
      case 'direct': {
        lane.gate.forget(row.conversationId);
        // Closed for good: this pod alone is cut off. It must not queue, and it cannot store.
        if (!isChecked || !(await lane.gate.opened(OPENING_MS))) throw unavailable();
        const result = deps.commit.submit(row);
        return () => result;
      }
      default: {
        const never: never = outcome;
        throw new Error(`the queue answered ${JSON.stringify(never)}`);
      }
    }
  }

  async function behind(row: AppendRow, lane: Lane, isChecked: boolean): Promise<IngestResult> {
    const { conversationId } = row;
    asking.set(conversationId, (asking.get(conversationId) ?? 0) + 1);
    // Its turn is over when the row has joined a batch, not when that is stored.
    const result = await ask(row, lane, isChecked).finally(() => asked(conversationId));
    return result();
  }

  function straight(row: AppendRow, lane: Lane): Promise<IngestResult> {
    return deps.commit.submit(row).catch((error: unknown) => {
      // Postgres went away under it. Whether it was stored nobody knows: its unique key does, when the queue is drained.
      if (isUnavailable(error) && !deps.isPostgresReachable()) return behind(row, lane, true);
      throw error;
    });
  }

  return {
    submit(row: AppendRow, { unchecked = false }: SubmitOptions = {}): Promise<IngestResult> {
      const lane = deps.laneOf(row.conversationId);
      if (lane === undefined) return unchecked ? Promise.reject(unavailable()) : deps.commit.submit(row);
      const isFree = lane.gate.isOpen() && !lane.gate.isPending(row.conversationId) && !asking.has(row.conversationId);
      return isFree && !unchecked ? straight(row, lane) : behind(row, lane, !unchecked);
    },
  };
}
export type Ingest = ReturnType<typeof createIngest>;
