import { setTimeout as wait } from 'node:timers/promises';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Logger } from '../log.ts';
import { isUnavailable } from '../store/errors.ts';
import type { AppendOutcome, AppendResult, AppendRow } from '../store/types.ts';
import type { Committed } from './group-commit.ts';
import type { QueueRedis } from './queue-redis.ts';
import type { QueuedRow } from './queue.ts';

export interface DrainDeps {
  redis: Pick<QueueRedis, 'call'>;
  /** Of this process and no other: the lock's fence. */
  token: string;
  isPostgresReachable(): boolean;
  /** For each row the member version under which its sender may send it now, that it is stored already, or why it may not be. */
  authorise(rows: QueuedRow[]): Promise<Verdict[]>;
  append(rows: AppendRow[]): Promise<AppendOutcome>;
  /** The members moved on: `authorise` must look again. */
  onStale(conversationId: string, memberVersion: number): void;
  onCommitted(committed: Committed): void;
  /** Tells the sender. */
  onRejected(row: QueuedRow, error: ChatError): void;
  log: Logger;
  /** @default 250 */
  pauseMs?: number;
}

export type Verdict = { expectVersion: number } | 'stored' | ChatError;

interface Queued {
  entry: string;
  row: QueuedRow;
}

const AT_ONCE = 250;
/** So long the next waits for one that died. Two at once do no harm, see below. */
const LOCK_MS = 3_000;

function parseEntries(reply: unknown): Queued[] {
  return (reply as [string, [string, string]][]).map(([entry, [, text]]) => ({ entry, row: JSON.parse(text) as QueuedRow }));
}

const toRow = ({ row }: Queued, expectVersion: number): AppendRow => ({ ...row, type: 'message', expectVersion });

function toError(result: AppendResult): ChatError | undefined {
  if (result.status === 'missing') return new ChatError('not_found');
  if (result.status === 'invalid') return new ChatError('invalid', { details: [{ path: 'body', issue: 'cannot be stored' }] });
  return undefined;
}

const isRedisFault = (error: unknown) => error instanceof Error && !('severity' in error);

/**
 * Stores what was queued, oldest first, one pod at a time. What is stored is taken off the queue afterwards: a pod that dies
 * in between leaves it to the next, whose rows then meet their own ids and are duplicates. Two that drain at once, the first
 * one frozen longer than its lock, do no harm for the same reason: what the late one stores is stored already, in that order.
 */
export function createDrain(deps: DrainDeps) {
  let drained = 0;

  async function store(batch: { queued: Queued; row: AppendRow }[]): Promise<{ queued: Queued; result: AppendResult }[]> {
    if (batch.length === 0) return [];
    const rows = batch.map(({ row }) => row);
    const outcome = await deps.append(rows);
    deps.onCommitted({ batchId: outcome.batchId, rows, results: outcome.results });
    return batch.map(({ queued }, i) => ({ queued, result: outcome.results[i]! }));
  }

  /** Stale rows, all of their conversation, stay where they are and are looked up again. */
  async function settle(entries: Queued[]): Promise<Queued[]> {
    const verdicts = await deps.authorise(entries.map(({ row }) => row));
    const done: Queued[] = [];
    const allowed: { queued: Queued; row: AppendRow }[] = [];
    const reject = (queued: Queued, error: ChatError) => {
      deps.onRejected(queued.row, error);
      done.push(queued);
    };
    entries.forEach((queued, i) => {
      const verdict = verdicts[i]!;
      if (verdict === 'stored') done.push(queued);
      else if (verdict instanceof ChatError) reject(queued, verdict);
      else allowed.push({ queued, row: toRow(queued, verdict.expectVersion) });
    });
    for (const { queued, result } of await store(allowed)) {
      const error = toError(result);
      if (error) reject(queued, error);
      else if (result.status === 'stale') deps.onStale(queued.row.conversationId, result.memberVersion);
      else done.push(queued);
    }
    return done;
  }

  function report(): 0 {
    if (drained > 0) deps.log.info({ messages: drained }, 'queue drained');
    drained = 0;
    return 0;
  }

  /** @returns how many were looked at. */
  async function step(): Promise<number> {
    const entries = parseEntries(await deps.redis.call('claim', [deps.token, LOCK_MS, AT_ONCE]));
    if (entries.length === 0) return report();
    const done = await settle(entries);
    const ids = done.flatMap(({ entry, row }) => [entry, row.conversationId, row.id]);
    if (ids.length > 0) await deps.redis.call('remove', [deps.token, ...ids]);
    drained += done.length;
    return entries.length;
  }

  async function stepSafely(): Promise<number> {
    if (!deps.isPostgresReachable()) return 0;
    try {
      return await step();
    } catch (error) {
      // Nothing is taken off for a fault of ours: the queue waits, in order, for a release that can store it.
      if (isUnavailable(error) || isRedisFault(error)) deps.log.debug({ err: error }, 'queue could not be drained');
      else deps.log.error({ err: error }, 'queued messages cannot be stored');
      return 0;
    }
  }

  return {
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        if ((await stepSafely()) > 0) continue;
        await wait(deps.pauseMs ?? 250, undefined, { signal }).catch(() => undefined);
      }
      await deps.redis.call('release', [deps.token]).catch(() => undefined);
    },
  };
}
