import type { Logger } from '../log.ts';
import type { BatchRange } from '../store/types.ts';
import type { Deliverer } from './deliver.ts';
import type { TailStore } from './deps.ts';

const RANGES_AT_ONCE = 200;

/** The tail of Postgres: finds again whatever did not come through Redis. */
export interface Tail {
  /** Delivers what was committed since the mark to this pod's sockets. Calls at the same time share one pass. Rejects while Postgres is away. */
  read(): Promise<void>;
  /** The safe snapshot of now; read it BEFORE comparing counters, then pass it to `advance`. */
  snapshot(): Promise<number>;
  /** Everything below is known to have arrived. */
  advance(safeXid: number): void;
}

interface Deps {
  store: TailStore;
  deliverer: Deliverer;
  log: Logger;
}

export function createTail({ store, deliverer, log }: Deps): Tail {
  let mark: number | null = null;
  let reading: Promise<void> | undefined;
  let again: Promise<void> | undefined;

  async function pass(): Promise<void> {
    const { ranges, safeXid } = await store.readTail(mark);
    // Without a mark there is nothing that this pod could have missed: no socket was attached before the first pass.
    if (mark !== null) await deliverRanges(ranges.filter((r) => !deliverer.delivered.has(r.conversationId, r.fromSeq, r.toSeq)));
    mark = Math.max(mark ?? 0, safeXid);
  }

  async function deliverRanges(ranges: BatchRange[]): Promise<void> {
    const ordered = [...ranges].sort((a, b) => a.fromSeq - b.fromSeq);
    if (ordered.length > 0) log.debug({ ranges: ordered.length }, 'entries found by the tail');
    for (let i = 0; i < ordered.length; i += RANGES_AT_ONCE) {
      for (const range of await store.readRanges(ordered.slice(i, i + RANGES_AT_ONCE))) {
        const deliver = () => deliverer.deliverTail(range.conversationId, range.entries, range.memberVersion);
        await deliverer.lanes.run(range.conversationId, range.fromSeq, deliver);
      }
    }
  }

  function start(): Promise<void> {
    reading = pass().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  return {
    read() {
      if (!reading) return start();
      // The pass under way may have taken its snapshot too early for this caller.
      again ??= reading
        .catch(() => undefined)
        .then(() => {
          again = undefined;
          return start();
        });
      return again;
    },
    async snapshot() {
      return (await store.readTail(null)).safeXid;
    },
    advance(safeXid) {
      if (mark === null || safeXid > mark) mark = safeXid;
    },
  };
}
