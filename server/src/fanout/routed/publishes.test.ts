import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startRedis } from '@chatcluster/tools/services';
import { uniquePrefix } from '@chatcluster/tools/testing';
import type { Redis } from 'ioredis';
import { type ChatRedis, createRedis } from '../redis.ts';
import { log } from '../testing-cluster.ts';
import { inboxKey } from './keys.ts';
import { createPublishes } from './publishes.ts';

const stack = new AsyncDisposableStack();
const prefix = uniquePrefix();
let redis: ChatRedis;
let client: Redis;

// Of its own: the calls are counted.
before(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'publishes-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const service = await startRedis({ dir });
  stack.defer(() => service.stop());
  redis = stack.use(createRedis({ url: service.url, prefix, log, commandTimeoutMs: 20_000 }));
  await redis.load();
  client = redis.connect({ enableOfflineQueue: true });
  stack.defer(() => client.disconnect());
});
after(() => stack.disposeAsync());

async function countCalls(): Promise<number> {
  return Number(/cmdstat_fcall:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
}

/** A pod that lives and has this user; gives what its inbox holds. */
async function addReader(pod: string, user: string): Promise<() => Promise<string[]>> {
  await redis.call('heartbeat', [pod, 60_000, '{}']);
  await redis.call('attach', [pod, user]);
  return async () => (await client.xrange(inboxKey(prefix, pod), '-', '+')).map(([, fields]) => fields.at(-1)!);
}

test('what one turn publishes goes to Redis in one call, and before whatever follows it', async () => {
  const inbox = await addReader('reader', 'ann');
  const publishes = createPublishes(redis, ['writer', 1_000]);
  const before = await countCalls();
  const texts = Array.from({ length: 20 }, (_, i) => `text ${i}`);
  const gates = texts.map((text, i) => publishes.add([`conversation-${i}`, 1, 1, 1, 'user', text], ['ann']));
  publishes.flush();
  await redis.call('to_users', ['writer', 100, 1_000, '', 0, 'after them', 'ann']);
  assert.deepEqual(
    await Promise.all(gates),
    texts.map(() => 0),
  );
  assert.equal((await countCalls()) - before, 2);
  assert.deepEqual(await inbox(), [...texts, 'after them']);
});

test('each publish has its own answer: held, or how far the inbox must have been read', async () => {
  const inbox = await addReader('answers', 'bob');
  const publishes = createPublishes(redis, ['writer', 1_000]);
  const add = (conversation: string, seq: number) => publishes.add([conversation, seq, seq, 1, 'user', `${conversation} ${seq}`], ['bob']);
  assert.deepEqual(await Promise.all([add('a', 1), add('a', 3), add('b', 1)]), [0, undefined, 0]);
  // What was held comes behind the one that it waited for, to this pod as well.
  assert.deepEqual(await Promise.all([add('a', 2), add('b', 2)]), [0, 0]);
  assert.deepEqual(await inbox(), ['a 1', 'b 1', 'a 2', 'a 3', 'b 2']);
  const other = createPublishes(redis, ['answers', 1_000]);
  assert.equal(await other.add(['b', 3, 3, 1, 'user', 'b 3'], ['bob']), 5);
});

test('a pod of an earlier release publishes one by one, beside those of this one', async () => {
  const inbox = await addReader('older', 'cid');
  const old = (seq: number) => redis.call('publish', ['writer', 1_000, 'c', seq, seq, 1, 'user', `c ${seq}`, 'cid']);
  const publishes = createPublishes(redis, ['writer', 1_000]);
  assert.deepEqual(await old(1), ['sent', 0]);
  assert.equal(await publishes.add(['c', 2, 2, 1, 'user', 'c 2'], ['cid']), 0);
  assert.deepEqual(await old(4), ['held', 0]);
  assert.equal(await publishes.add(['c', 3, 3, 1, 'user', 'c 3'], ['cid']), 0);
  assert.deepEqual(await inbox(), ['c 1', 'c 2', 'c 3', 'c 4']);
});

test('a call that fails fails for each of them, and the next one goes on', async () => {
  await addReader('failing', 'dan');
  const publishes = createPublishes(redis, ['writer', 1_000]);
  const add = (conversation: string) => publishes.add([conversation, 1, 1, 1, 'user', conversation], ['dan']);
  await client.set(`${prefix}order:broken`, 'no hash');
  const results = await Promise.allSettled([add('d'), add('broken')]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(await add('e'), 0);
});
