import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { createDatabase, eventually, redisUrl, uniquePrefix } from './testing.ts';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

test('gives each caller a database of its own and drops it at the end', async () => {
  let url: string;
  {
    await using first = await createDatabase();
    await using second = await createDatabase();
    assert.notEqual(first.url, second.url);
    await query(first.url, 'CREATE TABLE only_here (id int)');
    assert.deepEqual(await query(second.url, `SELECT to_regclass('only_here') AS found`), [{ found: null }]);
    url = first.url;
  }
  await assert.rejects(query(url, 'SELECT 1'), { code: '3D000' });
});

test('names the Redis of this run and a prefix that nobody else has', () => {
  assert.match(redisUrl(), /^redis:\/\//);
  assert.notEqual(uniquePrefix(), uniquePrefix());
});

test('waits until a condition gives a value and hands it over', async () => {
  let calls = 0;
  assert.equal(await eventually(() => (++calls > 3 ? calls : undefined)), 4);
});

test('gives up at the deadline with the message and the last error', async () => {
  const never = eventually(() => Promise.reject(new Error('still closed')), { deadlineMs: 30, message: 'the door opens' });
  await assert.rejects(
    never,
    (error: Error) => error.message.startsWith('the door opens') && (error.cause as Error).message === 'still closed',
  );
});
