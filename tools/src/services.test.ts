import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDurability } from '@chatcluster/server/ingest/queue-redis';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { isAlive, waitForExit } from './process.ts';
import { startPostgres, startRedis } from './services.ts';

function folder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'chat-services-'));
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('Postgres comes back on the same port with the same data after a SIGKILL', async () => {
  using dir = folder();
  const options = { dataDir: join(dir.path, 'data'), durable: true, password: 'pass word' };
  const first = await startPostgres(options);
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS value');
  process.kill(first.pid, 'SIGKILL');
  await waitForExit(first.pid, 5_000);
  const second = await startPostgres({ ...options, port: first.port });
  try {
    assert.equal(second.url, first.url);
    assert.deepEqual(await query(second.url, 'SELECT value FROM kept'), [{ value: 42 }]);
    await assert.rejects(query(second.url.replace('pass%20word', 'wrong'), 'SELECT 1'), { code: '28P01' });
  } finally {
    await second.stop();
  }
  assert.equal(isAlive(second.pid), false);
});

test('Postgres can start in a folder that only its owner may enter', async () => {
  using dir = folder();
  chmodSync(dir.path, 0o700);
  const postgres = await startPostgres({ dataDir: join(dir.path, 'data') });
  try {
    assert.deepEqual(await query(postgres.url, 'SELECT 1 AS one'), [{ one: 1 }]);
  } finally {
    await postgres.stop();
  }
});

test('a second Postgres on data in use is refused with the pid that holds it', async () => {
  using dir = folder();
  const dataDir = join(dir.path, 'data');
  const postgres = await startPostgres({ dataDir });
  try {
    await assert.rejects(startPostgres({ dataDir }), (error: Error) => error.message.includes(`pid ${postgres.pid}`));
  } finally {
    await postgres.stop();
  }
});

test('a Redis with an append-only file may hold queued messages, whatever its version', async () => {
  using dir = folder();
  const service = await startRedis({ dir: dir.path, appendOnly: true });
  const redis = new Redis(service.url);
  try {
    const [, appendfsync = ''] = (await redis.config('GET', 'appendfsync')) as string[];
    assert.notEqual(parseDurability(await redis.info(), appendfsync), 'none');
  } finally {
    redis.disconnect();
    await service.stop();
  }
});

test('Redis stops when asked and frees its port for the next one', async () => {
  using dir = folder();
  const first = await startRedis({ dir: dir.path, appendOnly: true });
  await first.stop();
  assert.equal(isAlive(first.pid), false);
  const second = await startRedis({ dir: dir.path, appendOnly: true, port: first.port });
  assert.equal(second.url, first.url);
  await second.stop();
});
