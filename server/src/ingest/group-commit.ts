import { ChatError } from '@chatcluster/protocol/errors';
import { noTracing, type Tracing } from '../tracing/tracing.ts';
import type { AppendOutcome, AppendResult, AppendRow } from '../store/types.ts';

export interface Committed {
  batchId: string | null;
  rows: AppendRow[];
  results: AppendResult[];
  /** Of each row, where it is traced; undefined: none is. */
  traceparents?: (string | undefined)[] | undefined;
}

export interface GroupCommitDeps {
  append(rows: AppendRow[]): Promise<AppendOutcome>;
  /** Called right after COMMIT and before any later batch of the same conversations starts; must not throw or block. */
  onCommitted(committed: Committed): void;
  /**
   * Authorises a row again whose member version was stale; rejects when it is not allowed any more. It is asked while the
   * conversation still counts as busy and the row goes back to the front, so that later rows never overtake it. Absent: `stale` is the answer.
   */
  revise?(row: AppendRow, memberVersion: number): Promise<AppendRow>;
  /** @default none */
  tracing?: Tracing;
  /** Longest wait for company while others are sending; what waited for a lane has waited. */
  windowMs: number;
  /** Batches in flight at once. @default 2 (measured: a third one adds lock waits, not throughput) */
  lanes?: number;
  /** @default 100 */
  maxRows?: number;
  /** Rows that may wait; more are refused with `overloaded`. @default 10000 */
  maxWaiting?: number;
}

interface Waiting {
  row: AppendRow;
  /** Monotonic, ms. */
  since: number;
  tries: number;
  traceparent: string | undefined;
  /** Refused already; whatever becomes of it in the database, it is not tried again from here. */
  isAbandoned?: boolean;
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

/** A member version moves while a row waits only when people come and go at that very moment: eight of them in a tenth of a second. */
const MAX_TRIES = 10;

/**
 * Sends that arrive together share one transaction. A conversation has at most one batch in flight on this pod,
 * so that pipelined sends keep their order; rows of a busy conversation wait for the next batch.
 *
 * A lone send does not wait: the window is used only while the last batch had company.
 */
export function createGroupCommit(deps: GroupCommitDeps) {
  const { lanes = 2, maxRows = 100, maxWaiting = 10_000, tracing = noTracing } = deps;
  let waiting: Waiting[] = [];
  const busy = new Set<string>();
  const underWay = new Set<Waiting[]>();
  const idle: (() => void)[] = [];
  let inFlight = 0;
  let lastSize = 1;
  let timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  /**
   * The first rows, in order, of conversations that have no batch in flight. Rows of one conversation go together only
   * while they were authorised against the same member version: else the first could be stale and the next one stored.
   */
  function take(): Waiting[] {
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    const versions = new Map<string, number | null>();
    const held = new Set<string>();
    for (const item of waiting) {
      const { conversationId, expectVersion } = item.row;
      const version = versions.get(conversationId);
      if (version !== undefined && version !== expectVersion) held.add(conversationId);
      if (batch.length < maxRows && !busy.has(conversationId) && !held.has(conversationId)) {
        versions.set(conversationId, expectVersion);
        batch.push(item);
      } else rest.push(item);
    }
    waiting = rest;
    return batch;
  }

  function schedule(): void {
    if (timer !== undefined || waiting.length === 0 || inFlight >= lanes) return;
    const flushNow = () => {
      timer = undefined;
      flush();
    };
    const hasCompany = lastSize > 3 && waiting.length < maxRows;
    const next = waiting.find((item) => !busy.has(item.row.conversationId));
    const restMs = hasCompany && next ? deps.windowMs - (performance.now() - next.since) : 0;
    timer = restMs > 0 ? setTimeout(flushNow, restMs) : setImmediate(flushNow);
  }

  function flush(): void {
    if (inFlight >= lanes) return;
    const batch = take();
    if (batch.length === 0) return;
    lastSize = batch.length;
    void commit(batch);
    schedule();
  }

  /** Answers what is decided; stale rows are authorised again and wait in front of everything that came after them. */
  async function settle(batch: Waiting[], results: AppendResult[]): Promise<void> {
    const again = batch.map((item, i) => {
      const result = results[i]!;
      if (result.status !== 'stale' || deps.revise === undefined || item.isAbandoned) return void item.resolve(result);
      if (item.tries >= MAX_TRIES) return void item.reject(new ChatError('overloaded', { retryAfterMs: 500 }));
      return deps.revise(item.row, result.memberVersion).then((row) => ({ ...item, row, tries: item.tries + 1 }), item.reject);
    });
    const revised = (await Promise.all(again)).filter((item) => item !== undefined);
    if (revised.length > 0) waiting = [...revised, ...waiting];
  }

  /** The batch is part of every trace that waits for it: of the first as a child, of the others by a link. */
  function append(batch: Waiting[], rows: AppendRow[]): Promise<AppendOutcome> {
    const [parent, ...links] = batch.flatMap((item) => item.traceparent ?? []);
    if (parent === undefined) return deps.append(rows);
    return tracing.span('group commit', { parent, links, attributes: { 'chat.rows': rows.length } }, () => deps.append(rows));
  }

  async function commit(batch: Waiting[]): Promise<void> {
    const conversations = new Set(batch.map((item) => item.row.conversationId));
    for (const id of conversations) busy.add(id);
    underWay.add(batch);
    inFlight += 1;
    try {
      const rows = batch.map((item) => item.row);
      const outcome = await append(batch, rows);
      const traceparents = tracing.isOn ? batch.map((item) => item.traceparent) : undefined;
      deps.onCommitted({ batchId: outcome.batchId, rows, results: outcome.results, traceparents });
      await settle(batch, outcome.results);
    } catch (error) {
      for (const item of batch) item.reject(error);
    } finally {
      for (const id of conversations) busy.delete(id);
      underWay.delete(batch);
      inFlight -= 1;
      if (inFlight === 0 && waiting.length === 0) for (const resolve of idle.splice(0)) resolve();
      schedule();
    }
  }

  return {
    submit(row: AppendRow): Promise<AppendResult> {
      if (waiting.length >= maxWaiting) return Promise.reject(new ChatError('overloaded', { retryAfterMs: 1_000 }));
      return new Promise((resolve, reject) => {
        waiting.push({ row, since: performance.now(), tries: 1, traceparent: tracing.traceparent(), resolve, reject });
        schedule();
      });
    },
    /**
     * Refuses everything that waits or is under way, each conversation in its order: first what is under way, of which there is
     * one batch per conversation. What was under way may be committed all the same.
     */
    abandon(error: Error): void {
      const all = [...[...underWay].flat(), ...waiting.splice(0)];
      for (const item of all) {
        item.isAbandoned = true;
        item.reject(error);
      }
    },
    /** Resolves when nothing waits and nothing is in flight. */
    drained(): Promise<void> {
      if (inFlight === 0 && waiting.length === 0) return Promise.resolve();
      return new Promise((resolve) => idle.push(resolve));
    },
    get waiting(): number {
      return waiting.length;
    },
  };
}
export type GroupCommit = ReturnType<typeof createGroupCommit>;
