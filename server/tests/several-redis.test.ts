import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { startRedis } from '@chatcluster/tools/services';
import { Redis } from 'ioredis';
import { createDependency } from './_cluster.ts';
import { startPods, type TestSocket } from './_pods.ts';

const CONVERSATIONS = 12;

/** How many have been published through this server. */
async function conversationsOn(url: string): Promise<number> {
  const redis = new Redis(url);
  try {
    return (await redis.keys('*order:*')).length;
  } finally {
    redis.disconnect();
  }
}

it('two Redis servers share the conversations; with one of them away everybody gets everything in order', async () => {
  await using stack = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'chat-several-redis-'));
  chmodSync(dir, 0o755);
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => createDependency(stack, (port) => startRedis({ dir: join(dir, name), port }))),
  );
  await using cluster = await startPods(2, { REDIS_URLS: `${first!.url},${second!.url}` });
  const people = await cluster.guests(2);
  const groups = await Promise.all(Array.from({ length: CONVERSATIONS }, () => cluster.group(people)));
  const [ann, bob] = (await Promise.all(people.map((person, i) => cluster.connect(person, i)))) as [TestSocket, TestSocket];
  const everyoneHas = async (word: string) => {
    const sent = await Promise.all(groups.map(async ({ id }) => ({ id, seq: (await ann.send(id, word)).seq! })));
    for (const { id, seq } of sent) for (const socket of [ann, bob]) await socket.reached(id, seq);
  };

  await everyoneHas('both are there');
  for (const { url } of [first!, second!]) assert.ok((await conversationsOn(url)) > 0, 'all conversations are on one server');
  second!.kill();
  await everyoneHas('one of them is away');
  await second!.restart();
  await everyoneHas('it is back, and empty');
  for (const { id } of groups) {
    const bodies = bob.entries(id).flatMap((entry) => (entry.type === 'message' ? entry.data.body : []));
    assert.deepEqual([...new Set(bodies)], ['both are there', 'one of them is away', 'it is back, and empty']);
  }
});
