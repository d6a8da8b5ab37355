import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { startRedis } from '@chatcluster/tools/services';
import { redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { Server } from 'socket.io';
import { createAdapterClient } from './adapter-client.ts';
import { log } from './testing-cluster.ts';

async function ready(client: { status: string }): Promise<void> {
  if (client.status !== 'ready') await once(client as never, 'ready');
}

describe('the client of the stock adapter', { timeout: 60_000 }, () => {
  test('is slowed down when XREAD fails at once, as the adapter repeats it without a pause', async () => {
    using own = createAdapterClient(redisUrl(), log);
    const reader = own.client.duplicate();
    await ready(reader);
    const key = uniquePrefix();
    await own.client.set(key, 'no stream');
    const startedAt = performance.now();
    for (let i = 0; i < 3; i += 1) await assert.rejects(reader.xread('STREAMS', key, '0'), /WRONGTYPE/);
    assert.ok(performance.now() - startedAt >= 500, 'three failing reads took less than half a second');
    await own.client.del(key);
  });

  test('swallows failures of PUBLISH and SUBSCRIBE, whose promises the adapter drops', async () => {
    const own = createAdapterClient(redisUrl(), log);
    await ready(own.client);
    own[Symbol.dispose]();
    await once(own.client, 'end');
    assert.equal(await own.client.publish('channel', 'message'), undefined);
    assert.equal(await own.client.subscribe('channel'), undefined);
  });

  test('leaves the event loop free and finds Redis again while the adapter goes on reading', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'adapter-'));
    let redis = await startRedis({ dir });
    using own = createAdapterClient(redis.url, log);
    const io = new Server({ adapter: createAdapter(own.client, { streamName: 'adapter' }) });
    const adapter = io.of('/').adapter as unknown as { close(): void };
    await ready(own.client);
    await redis.stop();
    let turns = 0;
    for (const endAt = performance.now() + 1_000; performance.now() < endAt; turns += 1) await nextTurn();
    assert.ok(turns > 1_000, `only ${turns} turns in a second without Redis`);
    redis = await startRedis({ dir, port: redis.port });
    await ready(own.client);
    assert.equal(await own.client.ping(), 'PONG');
    adapter.close();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });
});
