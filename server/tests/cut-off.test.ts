import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, startCluster } from './_cluster.ts';
import { type Proxy, startProxy } from './_proxy.ts';
import { QueueWorld } from './_queue-world.ts';

let road: Proxy;
let cluster: Cluster;
let world: QueueWorld;

const isReady = async (pod: number) => (await fetch(`${cluster.pods[pod]!.adminUrl}/readyz`)).ok;

before(async () => {
  cluster = await startCluster({
    pods: 2,
    async podEnv(index, { postgres }): Promise<Record<string, string>> {
      if (index > 0) return {};
      const url = new URL(postgres.url);
      road = await startProxy(Number(url.port));
      url.port = `${road.port}`;
      return { DATABASE_URL: url.href };
    },
  });
  world = await new QueueWorld(cluster).open();
});
after(async () => {
  world[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
  await road[Symbol.asyncDispose]();
});

test('a pod that alone does not reach Postgres queues nothing, moves its sockets away, and comes back', async () => {
  const socket = await world.socket(world.ada, 0);
  road.cut();
  await eventually(async () => {
    const answer = await world.trySend(0);
    assert.ok(!answer.ok || answer.data.status === 'stored');
    return !answer.ok;
  });
  // Longer than the leases: nothing changes while the other pod lives and reaches Postgres.
  const hint = socket.next('server:drain', () => true, 15_000);
  let isHinted = false;
  void hint.then(() => (isHinted = true));
  while (!isHinted) {
    const [alone, other] = [await world.trySend(0), await world.send(1)];
    assert.ok(!alone.ok && alone.error.code === 'unavailable' && (alone.error.retryAfterMs ?? 0) > 0);
    assert.equal(other.status, 'stored');
  }
  assert.equal((await hint).reason, 'shutdown');
  assert.deepEqual([await isReady(0), await isReady(1)], [false, true]);
  road.restore();
  await eventually(() => isReady(0));
  assert.equal(await world.queued(), 0);
  await world.direct();
});

test('when the other pod loses Postgres too, both queue', async () => {
  road.cut();
  await world.socket(world.ada, 1);
  cluster.postgres.kill();
  await world.queueing();
  const sent = [await world.send(0), await world.send(1), await world.send(0)];
  await cluster.postgres.restart();
  // The pod without a way to Postgres goes on refusing, the other stores.
  await world.assertStored(sent);
  road.restore();
  await world.direct();
});
