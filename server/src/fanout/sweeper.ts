import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import type { BatchRange, EntryRange } from '../store/types.ts';
import type { AccessCache } from './deps.ts';
import { usersInMemberEntries } from './readers.ts';
import type { Publish } from './types.ts';

const SWEEP_MS = 500;
const PRUNE_MS = 60_000;
const OLDER_THAN_MS = 1_000;
const BATCHES = 200;

interface Deps {
  /** Outbox rows older than this, claimed for this pod for a while (SKIP LOCKED). */
  claimOutbox(olderThanMs: number, limit: number): Promise<BatchRange[]>;
  readRanges(ranges: BatchRange[]): Promise<EntryRange[]>;
  markPublished(batchIds: string[]): Promise<void>;
  /** Deletes what was published long ago. */
  pruneOutbox(): Promise<unknown>;
  access: AccessCache;
  publish(batch: Publish): Promise<boolean>;
  log: Logger;
  /** @default 500 */
  sweepMs?: number;
}

/** Repeats what was committed and never (wholly) published: a crash in between, Redis away. */
export function createSweeper(deps: Deps): { run(signal: AbortSignal): Promise<void>; sweep(): Promise<number> } {
  let pruned = Date.now();

  async function sweep(): Promise<number> {
    const ranges = await deps.claimOutbox(OLDER_THAN_MS, BATCHES);
    if (ranges.length === 0) return 0;
    const failed = await republish(deps, ranges);
    const done = new Set(ranges.map((range) => range.batchId).filter((id) => !failed.has(id)));
    if (done.size > 0) await deps.markPublished([...done]);
    deps.log.debug({ batches: done.size, failed: failed.size }, 'outbox swept');
    return done.size;
  }

  async function step(): Promise<void> {
    await sweep();
    if (Date.now() - pruned < PRUNE_MS) return;
    pruned = Date.now();
    await deps.pruneOutbox();
  }

  return {
    sweep,
    async run(signal) {
      while (!signal.aborted) {
        await step().catch((error: unknown) => deps.log.debug({ err: error }, 'outbox could not be swept'));
        await wait(deps.sweepMs ?? SWEEP_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

/** The ids of batches of which something could not be published. */
async function republish(deps: Deps, ranges: BatchRange[]): Promise<Set<string>> {
  const found = new Map((await deps.readRanges(ranges)).map((range) => [`${range.conversationId} ${range.fromSeq}`, range]));
  const failed = new Set<string>();
  for (const range of [...ranges].sort((a, b) => a.fromSeq - b.fromSeq)) {
    const entries = found.get(`${range.conversationId} ${range.fromSeq}`);
    // Nothing there: the conversation was deleted, nobody is to be told.
    if (entries && !(await publishRange(deps, entries))) failed.add(range.batchId);
  }
  return failed;
}

/** To the members of now: who left since then reads what is theirs by `sync`. The leaver of this very range is told. */
async function publishRange(deps: Deps, range: EntryRange): Promise<boolean> {
  const access = await deps.access.get(range.conversationId, range.memberVersion);
  if (!access) return true;
  const { conversationId, fromSeq, toSeq, entries } = range;
  const leavers = fromSeq === toSeq ? usersInMemberEntries(entries) : [];
  const members = [...access.members].filter(([, member]) => member.firstSeq <= fromSeq).map(([userId]) => userId);
  const recipients = [...new Set(access.routing === 'user' ? [...members, ...leavers] : leavers)];
  return deps.publish({ conversationId, fromSeq, toSeq, entries, memberVersion: access.memberVersion, routing: access.routing, recipients });
}
