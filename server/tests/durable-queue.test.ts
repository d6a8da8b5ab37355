import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, startCluster } from './_cluster.ts';
import { createQueueWorld, type QueueWorld } from './_queue-world.ts';

let cluster: Cluster;
let world: QueueWorld;

before(async () => {
  cluster = await startCluster();
  world = await createQueueWorld(cluster);
});
afterEach(() => cluster.heal());
after(async () => {
  world[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

test('what is sent while Postgres is frozen is acknowledged as queued and appears in order, once, when it thaws', async () => {
  cluster.postgres.signal('SIGSTOP');
  const sent = [];
  try {
    await world.queueing();
    for (let i = 0; i < 10; i += 1) sent.push(await world.send(i));
  } finally {
    cluster.postgres.signal('SIGCONT');
  }
  assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set(['queued']));
  await world.assertStored(sent);
});
