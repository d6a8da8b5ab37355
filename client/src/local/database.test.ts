import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Conversation } from '@chatcluster/protocol';
import { note } from '../client-world.ts';
import type { LogMessage } from '../fold.ts';
import type { PendingMessage } from '../types.ts';
import { openNodeSql } from './node-store.ts';
import { openResilient, type ResilientDatabase } from './resilient.ts';
import { migrateLocal, NewerSchemaError } from './schema.ts';
import type { LocalBatch, LogChange } from './types.ts';

const message = (seq: number, body = `body ${seq}`): LogMessage => ({
  id: `m${seq}`,
  seq,
  conversationId: 'c',
  actorId: 'bob',
  at: new Date(seq).toISOString(),
  body,
  attachments: [],
  mentions: [],
  reactions: [],
});
const messages = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const conversation = (lastSeq: number, title = `at ${lastSeq}`) => ({ id: 'c', lastSeq, title }) as Conversation;
const pending: PendingMessage = { clientMsgId: 'p1', conversationId: 'c', body: 'unsent', createdAt: '', state: 'queued' };

function batch(more: Partial<LocalBatch>): LocalBatch {
  return { epoch: 1, since: undefined, conversations: [], removed: [], dropped: [], logs: [], users: [], reads: [], told: [], ...more };
}

function logOf(version: string, base: string | undefined, of: readonly LogMessage[], cursor = of.at(-1)?.seq ?? 0): LogChange {
  return { conversationId: 'c', cursor, hasBefore: true, from: of[0]?.seq ?? 0, base, version, messages: of };
}

const openMemory = (maxBytes?: number): Promise<ResilientDatabase> => {
  let now = 0;
  return openResilient({ open: async () => openNodeSql(':memory:'), nowMs: () => (now += 1), ...(maxBytes ? { maxBytes } : {}) });
};

async function bodies(database: ResilientDatabase, id = 'c'): Promise<string[] | undefined> {
  return (await database.call('loadLog', id))?.messages.map(({ body }) => body);
}

test('a log is written as a whole, then as changes, and read back with its cursor', async () => {
  const database = await openMemory();
  await database.call('write', batch({ since: 't1', conversations: [conversation(3)], logs: [logOf('v1', undefined, messages(1, 3))] }));
  const change = { ...logOf('v2', 'v1', [message(2, 'edited'), message(4)], 5), from: 2 };
  assert.deepEqual(await database.call('write', batch({ since: 't2', logs: [change] })), { stale: [], keep: 500 });
  assert.deepEqual(await bodies(database), ['edited', 'body 3', 'body 4']);
  const { cursor, hasBefore, epoch } = (await database.call('loadLog', 'c'))!;
  assert.deepEqual({ cursor, hasBefore, epoch }, { cursor: 5, hasBefore: true, epoch: 1 });
  const state = await database.call('loadState');
  assert.deepEqual([state.since, state.conversations.map(({ title }) => title)], ['t2', ['at 3']]);
});

const noteSeqs = async (database: ResilientDatabase) => (await database.call('loadLog', 'c'))?.notes.map(({ seq }) => seq);

test('notes are kept with their log, until they are told anew, and go with the messages around them', async () => {
  const database = await openMemory(200_000);
  const long = (from: number, to: number) => messages(from, to).map((one) => ({ ...one, body: 'x'.repeat(1_000) }));
  await database.call('write', batch({ logs: [{ ...logOf('v1', undefined, [message(2)]), notes: [note(1)] }] }));
  await database.call('write', batch({ logs: [logOf('v2', 'v1', [message(3)])] }));
  assert.deepEqual(await noteSeqs(database), [1]);
  await database.call('write', batch({ logs: [{ ...logOf('v3', 'v2', long(5, 400)), notes: [note(1), note(4), note(390)] }] }));
  assert.deepEqual(await noteSeqs(database), [390]);
  await database.call('write', batch({ logs: [logOf('v4', undefined, [message(401)])] }));
  assert.deepEqual(await noteSeqs(database), []);
});

test('a change of a state that another tab has replaced is stale, and one that is behind changes nothing', async () => {
  const database = await openMemory();
  await database.call('write', batch({ logs: [logOf('v1', undefined, messages(1, 3))] }));
  await database.call('write', batch({ conversations: [conversation(9)], logs: [logOf('other', undefined, messages(5, 9))] }));
  assert.deepEqual((await database.call('write', batch({ logs: [logOf('v2', 'v1', [message(10)])] }))).stale, ['c']);
  const behind = batch({ conversations: [conversation(4)], logs: [logOf('v3', undefined, messages(1, 4))] });
  assert.deepEqual((await database.call('write', behind)).stale, []);
  assert.deepEqual(
    await bodies(database),
    messages(5, 9).map(({ body }) => body),
  );
  assert.equal((await database.call('loadState')).conversations[0]?.lastSeq, 9);
});

test('another epoch makes everything void but the outbox', async () => {
  const database = await openMemory();
  await database.call('savePending', pending);
  await database.call('write', batch({ since: 't', conversations: [conversation(3)], logs: [logOf('v1', undefined, messages(1, 3))] }));
  await database.call('write', batch({ epoch: 2 }));
  assert.deepEqual(await database.call('loadState'), { epoch: 2, since: undefined, conversations: [], users: [], reads: [] });
  assert.equal(await bodies(database), undefined);
  assert.deepEqual(await database.call('loadOutbox'), [pending]);
});

test('above its size the copy loses the oldest messages first, then the logs not looked at for longest, never the outbox', async () => {
  const database = await openMemory(200_000);
  await database.call('savePending', pending);
  const long = (seq: number) => message(seq, 'x'.repeat(1_000));
  let { keep } = await database.call('write', batch({}));
  for (let i = 0; i < 20; i += 1) {
    const all = Array.from({ length: keep }, (_, n) => long(n + 1));
    ({ keep } = await database.call('write', batch({ logs: [{ ...logOf(`v${i}`, undefined, all), conversationId: `c${i}` }] })));
  }
  assert.equal(keep, 25);
  const newest = (await database.call('loadLog', 'c19'))!;
  assert.equal(newest.messages.length, 25);
  assert.equal(newest.hasBefore, true);
  assert.equal(await database.call('loadLog', 'c0'), undefined);
  assert.deepEqual(await database.call('loadOutbox'), [pending]);
});

test('a file that is no database is made anew; one with broken rows keeps what can be read of the outbox', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chat-copy-'));
  const path = join(dir, 'copy.sqlite');
  const open = async (fresh: boolean) => {
    if (fresh) rmSync(path, { force: true });
    return openNodeSql(path);
  };
  try {
    writeFileSync(path, 'x'.repeat(10_000));
    const database = await openResilient({ open, nowMs: Date.now });
    await database.call('savePending', pending);
    const sql = openNodeSql(path);
    sql.run("insert into conversations values ('c', 1, 'no json')");
    sql.close();
    assert.deepEqual((await database.call('loadState')).conversations, []);
    assert.deepEqual(await database.call('loadOutbox'), [pending]);
    database.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('the tables are brought up to date step by step, once, and a copy of a later release is told apart', () => {
  const sql = openNodeSql(':memory:');
  const first = 'create table a (x integer)';
  migrateLocal(sql, [first]);
  sql.run('insert into a values (1)');
  const steps = [first, 'alter table a add column y integer; update a set y = x + 1'];
  migrateLocal(sql, steps);
  migrateLocal(sql, steps);
  assert.equal(sql.all('select y from a')[0]?.['y'], 2);
  assert.throws(() => migrateLocal(sql, [first]), NewerSchemaError);
});
