import { ChatError } from '@chatcluster/protocol/errors';
import type { AppendRow } from '../store/types.ts';
import type { QueueRedis } from './queue-redis.ts';

/** What waits on Redis: everything of the row but the member version, which is looked up when it is stored. */
export type QueuedRow = Pick<AppendRow, 'conversationId' | 'id' | 'actorId' | 'data'> & { clientMsgId: string };

export type EnqueueOutcome =
  | { status: 'queued' | 'duplicate'; at: string }
  /** Nothing of this conversation waits, and somebody reaches Postgres: it is not to be queued. */
  | { status: 'direct' }
  /** Redis has only just come back: who reaches Postgres is not known yet. */
  | { status: 'unknown' }
  | { status: 'full' };

export interface QueueDeps {
  redis: Pick<QueueRedis, 'call' | 'checkDurable' | 'persisted'>;
  now?: () => number;
  /** @default 100000 */
  maxEntries?: number;
  /** @default 256 MiB */
  maxBytes?: number;
  /** Rows of this pod on their way to Redis. @default 5000 */
  maxWaiting?: number;
}

interface Item {
  row: QueuedRow;
  resolve(outcome: EnqueueOutcome): void;
  reject(error: unknown): void;
}

const AT_ONCE = 200;

export interface Queue {
  enqueue(row: QueuedRow): Promise<EnqueueOutcome>;
}

/** Puts rows into the durable queue of one Redis server, in order; an outcome is told after it is on disk. */
export function createQueue({ redis, now = Date.now, ...limits }: QueueDeps): Queue {
  const { maxEntries = 100_000, maxBytes = 256 * 1024 * 1024, maxWaiting = 5_000 } = limits;
  let waiting: Item[] = [];
  let isFlushing = false;

  async function put({ row }: Item): Promise<EnqueueOutcome> {
    const args = [row.conversationId, row.id, JSON.stringify(row), new Date(now()).toISOString(), maxEntries, maxBytes];
    const [status, at] = (await redis.call('enqueue', args)) as [EnqueueOutcome['status'], string?];
    return status === 'queued' || status === 'duplicate' ? { status, at: at ?? '' } : { status };
  }

  async function flushBatch(batch: Item[]): Promise<void> {
    try {
      await redis.checkDurable();
      // One connection: they reach Redis in this order.
      const outcomes = await Promise.all(batch.map(put));
      if (outcomes.some(({ status }) => status === 'queued' || status === 'duplicate')) await redis.persisted();
      batch.forEach((item, i) => item.resolve(outcomes[i]!));
    } catch (cause) {
      for (const item of batch) item.reject(new ChatError('unavailable', { retryAfterMs: 1_000, cause }));
    }
  }

  async function flush(): Promise<void> {
    if (isFlushing) return;
    isFlushing = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, AT_ONCE);
      waiting = waiting.slice(AT_ONCE);
      await flushBatch(batch);
    }
    isFlushing = false;
  }

  return {
    enqueue(row) {
      if (waiting.length >= maxWaiting) return Promise.reject(new ChatError('overloaded', { retryAfterMs: 1_000 }));
      return new Promise((resolve, reject) => {
        waiting.push({ row, resolve, reject });
        void flush();
      });
    },
  };
}
