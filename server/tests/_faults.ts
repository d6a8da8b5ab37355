import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Cluster } from './_cluster.ts';

export interface Fault {
  name: string;
  /** Resolves when the fault has ended. */
  inject(cluster: Cluster): Promise<void>;
}

export interface FaultTimes {
  redisFrozenMs: number;
  postgresFrozenMs: number;
  podFrozenMs: number;
  /** Between a kill of Redis or Postgres and the new process. */
  downMs: number;
}

function pod(cluster: Cluster) {
  const [first] = cluster.pods;
  if (!first) throw new Error('a cluster without pods');
  return first;
}

async function freeze(target: { signal(name: NodeJS.Signals): void }, frozenMs: number): Promise<void> {
  target.signal('SIGSTOP');
  await wait(frozenMs);
  target.signal('SIGCONT');
}

async function flushAll(url: string): Promise<void> {
  const redis = new Redis(url);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

async function restartInTurn(cluster: Cluster): Promise<void> {
  for (const each of cluster.pods) {
    each.signal('SIGTERM');
    await each.ended();
    await each.start();
  }
}

const seconds = (ms: number) => `${ms / 1_000} s`;

/** One fault after another over one cluster; each leaves it whole, or to `heal`. */
export function createFaults({ redisFrozenMs, postgresFrozenMs, podFrozenMs, downMs }: FaultTimes): Fault[] {
  return [
    {
      name: 'SIGKILL of a pod',
      async inject(cluster) {
        pod(cluster).signal('SIGKILL');
        await pod(cluster).ended();
      },
    },
    { name: 'kill and restart of Redis', inject: ({ redis }) => redis.killAndRestart(downMs) },
    { name: 'FLUSHALL of Redis', inject: ({ redis }) => flushAll(redis.url) },
    { name: `Redis frozen for ${seconds(redisFrozenMs)}`, inject: ({ redis }) => freeze(redis, redisFrozenMs) },
    { name: 'kill and restart of Postgres', inject: ({ postgres }) => postgres.killAndRestart(downMs) },
    { name: `Postgres frozen for ${seconds(postgresFrozenMs)}`, inject: ({ postgres }) => freeze(postgres, postgresFrozenMs) },
    {
      name: 'kill and restart of both Postgres and Redis',
      inject: async ({ postgres, redis }) => void (await Promise.all([postgres.killAndRestart(downMs), redis.killAndRestart(downMs)])),
    },
    { name: `a pod frozen for ${seconds(podFrozenMs)}`, inject: (cluster) => freeze(pod(cluster), podFrozenMs) },
    { name: 'a rolling restart of all pods', inject: restartInTurn },
  ];
}
