import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { eventually, redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { Redis } from 'ioredis';
import { type ChatRedis, createRedis } from '../fanout/redis.ts';
import { createLog } from '../log.ts';
import { createQueueRedis, NotDurableError, type QueueRedis } from './queue-redis.ts';

const BIG = 1_000_000;

describe('the functions of the queue', () => {
  let client: Redis;
  let chat: ChatRedis;
  let queue: QueueRedis;
  let prefix: string;

  before(() => {
    client = new Redis(redisUrl());
  });
  beforeEach(async () => {
    prefix = uniquePrefix();
    chat = createRedis({ url: redisUrl(), prefix, log: createLog('silent', 'test') });
    queue = createQueueRedis(chat);
    await chat.load();
    await client.set(`${prefix}ingest:watch`, '0');
    // The suite's Redis may be younger than a lease.
    await eventually(async () => Number(/uptime_in_seconds:(\d+)/.exec(await client.info('server'))?.[1]) >= 6);
  });
  after(() => client.disconnect());

  afterEach(async () => {
    await queue[Symbol.asyncDispose]();
    await chat[Symbol.asyncDispose]();
  });
  const enqueue = (id: string, { conversation = 'c', maxEntries = BIG, maxBytes = BIG, row = `row ${id}` } = {}) =>
    queue.call('enqueue', [conversation, id, row, `at ${id}`, maxEntries, maxBytes]);
  const lease = async (pod: string, postgres: boolean) => {
    await client.sadd(`${prefix}pods`, pod);
    await client.set(
      `${prefix}pod:${pod}:lease`,
      JSON.stringify({ version: '', connections: 0, takesSockets: true, postgres }),
      'PX',
      60_000,
    );
  };
  const claim = async (token: string, count = 100) =>
    ((await queue.call('claim', [token, 60_000, count])) as [string, string[]][]).map(([id, [, row]]) => ({ id, row }));

  it('queue only while no live pod reaches Postgres', async () => {
    await lease('a', false);
    await lease('b', true);
    assert.deepEqual(await enqueue('1'), ['direct']);
    await client.del(`${prefix}pod:b:lease`);
    assert.deepEqual(await enqueue('1'), ['queued', 'at 1']);
  });

  it('queue behind what waits whoever reaches Postgres, until it is taken off', async () => {
    await lease('a', false);
    await enqueue('1');
    await lease('a', true);
    assert.deepEqual(await enqueue('2'), ['queued', 'at 2']);
    assert.deepEqual(await enqueue('3', { conversation: 'd' }), ['direct']);
    assert.deepEqual(await queue.call('pending', []), ['c']);
    const entries = await claim('me');
    assert.deepEqual(
      entries.map(({ row }) => row),
      ['row 1', 'row 2'],
    );
    assert.equal(await queue.call('remove', ['me', entries[0]!.id, 'c', '1']), 1);
    assert.deepEqual(await enqueue('4'), ['queued', 'at 4']);
    const rest = (await claim('me')).flatMap(({ id }, i) => [id, 'c', ['2', '4'][i]!]);
    assert.equal(await queue.call('remove', ['me', ...rest]), 2);
    assert.deepEqual(await enqueue('5'), ['direct']);
    assert.deepEqual(await queue.call('pending', []), []);
    assert.equal(await client.get(`${prefix}ingest:bytes`), '0');
  });

  it('answer a resend with the time of the first, and keep one', async () => {
    await enqueue('1');
    assert.deepEqual(await queue.call('enqueue', ['c', '1', 'row 1', 'later', BIG, BIG]), ['duplicate', 'at 1']);
    assert.equal((await claim('me')).length, 1);
  });

  it('know nothing until every pod that lives can have spoken, after a wipe', async () => {
    await client.del(`${prefix}ingest:watch`);
    assert.deepEqual(await enqueue('1'), ['unknown']);
  });

  it('are bounded in number and in bytes', async () => {
    await enqueue('1');
    assert.deepEqual(await enqueue('2', { maxEntries: 1 }), ['full']);
    assert.deepEqual(await enqueue('2', { maxBytes: 8 }), ['full']);
  });

  it('let one drain at a time, and only that one take off', async () => {
    await enqueue('1');
    const [entry] = await claim('me');
    assert.deepEqual(await claim('other'), []);
    assert.equal(await queue.call('remove', ['other', entry!.id, 'c', '1']), 0);
    await queue.call('release', ['other']);
    assert.deepEqual(await claim('other'), []);
    await queue.call('release', ['me']);
    assert.equal((await claim('other')).length, 1);
  });

  it('are not trusted on a Redis that keeps no file', async () => {
    await assert.rejects(queue.checkDurable(), NotDurableError);
  });
});
