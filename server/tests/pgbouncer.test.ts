import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Message, SearchPage } from '@chatcluster/protocol';
import { freePort, startPostgres } from '@chatcluster/tools/services';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { Cluster } from './_pods.ts';

/** PgBouncer in transaction mode, with fewer connections to Postgres than one pod would like. */
async function startPgbouncer(stack: AsyncDisposableStack, dir: string, postgresPort: number): Promise<string> {
  const port = await freePort();
  const config = join(dir, 'pgbouncer.ini');
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: 3,
    max_client_conn: 200,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const databases = `* = host=127.0.0.1 port=${postgresPort} user=postgres`;
  writeFileSync(config, ['[databases]', databases, '[pgbouncer]', ...lines, ''].join('\n'), { mode: 0o644 });
  // It refuses to run as root; whoever runs Postgres here does.
  const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn('pgbouncer', [...user, config], { stdio: 'ignore', env });
  stack.defer(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await eventually(() => runSql(url, 'select 1'), { deadlineMs: 30_000, message: 'PgBouncer answers' });
  return url;
}

describe('pods behind PgBouncer in transaction mode', () => {
  let stack: AsyncDisposableStack;
  let direct: string;
  let pooled: string;

  before(async () => {
    stack = new AsyncDisposableStack();
    const dir = mkdtempSync(join(tmpdir(), 'chat-pgbouncer-'));
    chmodSync(dir, 0o755);
    stack.defer(() => rmSync(dir, { recursive: true, force: true }));
    const dataDir = join(dir, 'postgres');
    const postgres = await startPostgres({ dataDir });
    stack.defer(() => postgres.stop());
    const { uid, gid } = statSync(dataDir);
    chownSync(dir, uid, gid);
    direct = postgres.url;
    pooled = await startPgbouncer(stack, dir, postgres.port);
  });
  after(() => stack.disposeAsync());

  it('serve a chat: sends, edits, history, search, membership, accounts', async () => {
    const env = { DATABASE_POOLER: 'transaction', DATABASE_DIRECT_URL: direct, DATABASE_READ_URL: pooled };
    await using pods = new Cluster(pooled, new AsyncDisposableStack(), env);
    await pods.addPod();
    await pods.addPod();
    const [ada, bob] = await Promise.all([pods.register('Ada'), pods.register('Bob')]);
    const { id } = await pods.group([ada, bob]);
    const [writer, reader] = [await pods.connect(ada, 0), await pods.connect(bob, 1)];
    const sent = await Promise.all(Array.from({ length: 40 }, (_, i) => writer.send(id, `walrus ${i}`)));
    await reader.reached(id, Math.max(...sent.map(({ seq }) => seq!)));
    const messageId = sent[0]!.id;
    await writer.call('message:edit', { conversationId: id, messageId, clientMsgId: crypto.randomUUID(), body: 'a walrus' });
    // Many at once, so that transactions of both pods change places on the three connections.
    const pages = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        pods.ok<{ items: Message[] }>(bob, 'GET', `/v1/conversations/${id}/messages?limit=100`, undefined, i),
      ),
    );
    for (const { items } of pages) assert.deepEqual([items.length, items[0]?.body], [40, 'a walrus']);
    const search = () => pods.ok<SearchPage>(bob, 'GET', '/v1/search?q=walrus&limit=50');
    await eventually(async () => (await search()).items.length === 40, { deadlineMs: 60_000 });
    await pods.ok(ada, 'DELETE', `/v1/conversations/${id}/members/${bob.id}`);
    assert.equal((await reader.refused('history', { conversationId: id })).code, 'not_member');
  });

  it('are told what to set, else they do not start', async () => {
    await using unaware = new Cluster(pooled, new AsyncDisposableStack(), {});
    await assert.rejects(unaware.addPod(), /is a pooler; set DATABASE_POOLER=transaction/);
    await using noDirect = new Cluster(pooled, new AsyncDisposableStack(), { DATABASE_POOLER: 'transaction' });
    await assert.rejects(noDirect.addPod(), /needs DATABASE_DIRECT_URL/);
  });
});
