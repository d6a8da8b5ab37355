import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Cluster } from './_cluster.ts';
import type { Fault, FaultTimes } from './_faults.ts';

function pod(cluster: Cluster) {
  const [first] = cluster.pods;
  if (!first) throw new Error('a cluster without pods');
  return first;
}

export async function freeze(target: { signal(name: NodeJS.Signals): void }, frozenMs: number): Promise<void> {
  target.signal('SIGSTOP');
  await wait(frozenMs);
  target.signal('SIGCONT');
}

export async function flushAll(url: string): Promise<void> {
  const redis = new Redis(url);
  // With several faults at once it may be down at this moment; the command waits until it is back.
  redis.on('error', () => undefined);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

/** 3 → 6 → 2; `heal` makes it 3 again. */
async function scale(cluster: Cluster, scaledMs: number): Promise<void> {
  for (const count of [6, 2]) {
    await cluster.scaleTo(count);
    await wait(scaledMs);
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

export function serverFaults({ redisFrozenMs, postgresFrozenMs, podFrozenMs, downMs, scaledMs }: FaultTimes): Fault[] {
  const on = (name: string, inject: (cluster: Cluster) => Promise<unknown>): Fault => ({
    name,
    of: 'servers',
    inject: async ({ cluster }) => void (await inject(cluster)),
  });
  return [
    on('SIGKILL of a pod', async (cluster) => {
      pod(cluster).signal('SIGKILL');
      await pod(cluster).ended();
    }),
    on('kill and restart of Redis', ({ redis }) => redis.killAndRestart(downMs)),
    on('FLUSHALL of Redis', ({ redis }) => flushAll(redis.url)),
    on(`Redis frozen for ${seconds(redisFrozenMs)}`, ({ redis }) => freeze(redis, redisFrozenMs)),
    on('kill and restart of Postgres', ({ postgres }) => postgres.killAndRestart(downMs)),
    on(`Postgres frozen for ${seconds(postgresFrozenMs)}`, ({ postgres }) => freeze(postgres, postgresFrozenMs)),
    on('kill and restart of both Postgres and Redis', ({ postgres, redis }) =>
      Promise.all([postgres.killAndRestart(downMs), redis.killAndRestart(downMs)]),
    ),
    on(`a pod frozen for ${seconds(podFrozenMs)}`, (cluster) => freeze(pod(cluster), podFrozenMs)),
    on('a rolling restart of all pods', restartInTurn),
    on('scaling from 3 pods to 6 and to 2', (cluster) => scale(cluster, scaledMs)),
  ];
}
