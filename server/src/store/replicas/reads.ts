import type { Logger } from '../../log.ts';
import type { Db } from '../sql/auth-keys.ts';
import { createPositions, type Position } from './position.ts';
import { createReplica, type Refusal, type Replica, type ReplicaOptions, ReplicaRefusal } from './replica.ts';

/** `primary`: no replica was asked, as none is fit; the refusals: one was asked, and the primary answered in its place. */
export type ReadOutcome = 'replica' | 'primary' | Refusal;

export interface Reads extends AsyncDisposable {
  /** Runs reads that need no more than statements, on a server that has everything that was committed when this was called. */
  read<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** How many replicas are asked at the moment. */
  usable(): number;
}

export interface ReadsOptions extends Pick<ReplicaOptions, 'databaseCa' | 'databasePooler'> {
  primary: Db;
  /** Empty: everything is read from the primary. */
  urls: string[];
  /** Connections to each. */
  poolSize: number;
  log: Logger;
  onRead(outcome: ReadOutcome): void;
}

/** Leaves the primary most of the ten seconds that clients wait. */
const BUDGET_MS = 3_000;
/** A healthy standby is some milliseconds behind. */
const REPLAY_MS = 100;
/** Statements that were cancelled in a row: one says nothing about the next. */
const CONFLICTS = 3;
const FIRST_PROBE_MS = 500;
const LONGEST_PROBE_MS = 10_000;

/**
 * unfit --a probe that found it caught up--> fit --a refusal, or three cancelled statements in a row--> unfit
 * Reads go to the primary while it is unfit: probes are not on the way of anybody.
 */
function createCandidate(replica: Replica, position: () => Promise<Position>, log: Logger) {
  let isFit = false;
  let conflicts = 0;
  let probeMs = FIRST_PROBE_MS;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function probeLater(afterMs: number): void {
    if (!stopped) timer = setTimeout(() => void probe(), afterMs).unref();
  }

  async function probe(): Promise<void> {
    try {
      await replica.read(await position(), async () => undefined);
      if (stopped) return;
      isFit = true;
      conflicts = 0;
      probeMs = FIRST_PROBE_MS;
      log.info({ replica: replica.host }, 'reading from the replica');
    } catch (error) {
      log.debug({ err: error, replica: replica.host }, 'the replica is not fit');
      probeLater(probeMs);
      probeMs = Math.min(LONGEST_PROBE_MS, probeMs * 2);
    }
  }

  function leave({ reason, message }: ReplicaRefusal): void {
    if (!isFit) return;
    isFit = false;
    log.warn({ replica: replica.host, reason, cause: message }, 'not reading from the replica');
    probeLater(probeMs);
  }

  probeLater(0);
  return {
    replica,
    isFit: () => isFit,
    served(): void {
      conflicts = 0;
    },
    refused(refusal: ReplicaRefusal): void {
      conflicts += 1;
      if (refusal.reason !== 'conflict' || conflicts >= CONFLICTS) leave(refusal);
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      await replica[Symbol.asyncDispose]();
    },
  };
}

/**
 * Sends reads to a replica that has replayed what the primary had flushed when the read came (G5, G6): whatever the reader
 * was acknowledged or shown, by any pod, is in it, and so is every removal. Everything else is read from the primary.
 */
export function createReads({ primary, urls, onRead, ...options }: ReadsOptions): Reads {
  const position = createPositions(primary);
  const candidates = urls.map((url) =>
    createCandidate(createReplica({ ...options, url, budgetMs: BUDGET_MS, replayMs: REPLAY_MS }), position, options.log),
  );
  let turn = 0;

  function pick() {
    const fit = candidates.filter((candidate) => candidate.isFit());
    turn += 1;
    return fit[turn % Math.max(1, fit.length)];
  }

  async function read<T>(work: (db: Db) => Promise<T>): Promise<T> {
    if (candidates.length === 0) return work(primary);
    const candidate = pick();
    // A primary that cannot say where it is answers the read itself, or refuses it.
    const reached = candidate && (await position().catch(() => undefined));
    if (candidate === undefined || reached === undefined) {
      onRead('primary');
      return work(primary);
    }
    try {
      const result = await candidate.replica.read(reached, work);
      onRead('replica');
      candidate.served();
      return result;
    } catch (error) {
      if (!(error instanceof ReplicaRefusal)) throw error;
      candidate.refused(error);
      onRead(error.reason);
      return work(primary);
    }
  }

  return {
    read,
    usable: () => candidates.filter((candidate) => candidate.isFit()).length,
    async [Symbol.asyncDispose]() {
      await Promise.all(candidates.map((candidate) => candidate[Symbol.asyncDispose]()));
    },
  };
}
