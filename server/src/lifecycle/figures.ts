import type { AdminStats, PodFigures } from '@chatcluster/protocol';
import type { Lease } from '../fanout/routed/server.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { loadTotals } from '../store/sql/admin-lists.ts';

/** What a pod says of its load with each heartbeat, beside what its lease says anyway. */
export type LeaseFigures = Omit<PodFigures, 'podId' | 'version' | 'connections' | 'postgres' | 'takesSockets'>;

const WINDOW_MS = 5_000;

/** How many per second, over the last 5 to 10 s. */
export function createRate(nowMs: () => number = () => performance.now()) {
  let [before, current, since] = [0, 0, nowMs()];

  function turn(): number {
    const passed = nowMs() - since;
    if (passed < WINDOW_MS) return passed;
    before = passed < 2 * WINDOW_MS ? current : 0;
    current = 0;
    since = nowMs();
    return 0;
  }

  return {
    add(count: number): void {
      turn();
      current += count;
    },
    read(): number {
      const passed = turn();
      return (1_000 * (before + current)) / (WINDOW_MS + passed);
    },
  };
}

export interface StatsDeps {
  db: Db;
  podId: string;
  /** This pod's own. */
  own(): Lease;
  /** Absent without Redis; null while none answers. */
  pods?(): Promise<Map<string, Lease> | null>;
}

function toFigures(podId: string, lease: Lease): PodFigures {
  const { version, connections, postgres, takesSockets, figures } = lease;
  const none: LeaseFigures = {
    role: '',
    messagesPerSecond: 0,
    acceptPerSecond: 0,
    loopLagP99Ms: 0,
    eventLoopUtilization: 0,
    heapUsedRatio: 0,
  };
  return { podId, version, connections, postgres, takesSockets, ...none, ...figures };
}

/** The live view of the cluster: what every pod said with its last heartbeat, and totals out of Postgres. */
export function createStats({ db, podId, own, pods }: StatsDeps): () => Promise<AdminStats> {
  return async () => {
    const [totals, leases] = await Promise.all([loadTotals(db), pods?.() ?? null]);
    const known = leases ?? new Map([[podId, own()]]);
    return { ...totals, pods: [...known].map(([id, lease]) => toFigures(id, lease)).sort((a, b) => a.podId.localeCompare(b.podId)) };
  };
}
