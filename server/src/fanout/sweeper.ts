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
  /** Outbox rows older than this, claimed for this pod for a while (SKIP LOCKED); marks the ids that `handle` answers. */
  claimOutbox(olderThanMs: number, limit: number, handle: (ranges: BatchRange[]) => Promise<string[]>): Promise<number>;
  readRanges(ranges: BatchRange[]): Promise<EntryRange[]>;
  /** Deletes what was published more than ten minutes ago: until then the tail reads it. */
  pruneOutbox(): Promise<unknown>;
  access: AccessCache;
  publish(batch: Publish): Promise<boolean>;
  /** While it is false nothing is claimed: a claim that must fail keeps the batch from the pods that could publish it. @default always */
  canPublish?(): boolean;
  log: Logger;
  /** @default 500 */
  sweepMs?: number;
}

/** Repeats what was committed and never (wholly) published: a crash in between, Redis away. */
export function createSweeper(deps: Deps): { run(signal: AbortSignal): Promise<void>; sweep(): Promise<number> } {
  let pruned = performance.now();
  const sweep = () => deps.claimOutbox(OLDER_THAN_MS, BATCHES, (ranges) => republish(deps, ranges));

  async function step(): Promise<void> {
    // A whole page means that more is waiting, as after an outage: the newest would come last.
    while ((deps.canPublish?.() ?? true) && (await sweep()) >= BATCHES);
    if (performance.now() - pruned < PRUNE_MS) return;
    pruned = performance.now();
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

/** The ids of batches that are now wholly published. All at once, in order: one that is held on Redis must not delay the rest. */
async function republish(deps: Deps, ranges: BatchRange[]): Promise<string[]> {
  const found = new Map((await deps.readRanges(ranges)).map((range) => [`${range.conversationId} ${range.fromSeq}`, range]));
  const ordered = [...ranges].sort((a, b) => a.fromSeq - b.fromSeq);
  const told = await Promise.all(
    ordered.map((range) => {
      const entries = found.get(`${range.conversationId} ${range.fromSeq}`);
      // Nothing there: the conversation was deleted, nobody is to be told.
      return entries ? publishRange(deps, entries) : true;
    }),
  );
  const failed = new Set(ordered.filter((_, i) => !told[i]).map((range) => range.batchId));
  return [...new Set(ranges.map((range) => range.batchId))].filter((id) => !failed.has(id));
}

/** To the members of now: who left since then reads what is theirs by `sync`. The leaver of this very range is told. */
async function publishRange(deps: Deps, range: EntryRange): Promise<boolean> {
  const access = await deps.access.get(range.conversationId, range.memberVersion);
  if (!access) return true;
  const { conversationId, fromSeq, toSeq, entries } = range;
  const leavers = fromSeq === toSeq ? usersInMemberEntries(entries) : [];
  const members = [...access.members].filter(([, member]) => member.firstSeq <= fromSeq).map(([userId]) => userId);
  const recipients = [...new Set(access.routing === 'user' ? [...members, ...leavers] : leavers)];
  return deps.publish({
    conversationId,
    fromSeq,
    toSeq,
    entries,
    memberVersion: access.memberVersion,
    routing: access.routing,
    recipients,
  });
}
