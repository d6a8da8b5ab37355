import assert from 'node:assert/strict';
import { it } from 'node:test';
import type {
  AdminConversation,
  AuditEntry,
  Conversation,
  HistoryPage,
  RetentionPreview,
  RetentionSettings,
  SearchPage,
  SyncPage,
} from '@chatcluster/protocol';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { testStores, upload } from './_files.ts';
import { type Cluster, startPods } from './_pods.ts';
import { makeAdmin } from './_sql.ts';

const env = { RETENTION_MESSAGES_DAYS: '30', RETENTION_AUDIT_DAYS: '30', RETENTION_SWEEP_SECONDS: '1' };

/** As if everything up to this number had been written forty days ago. */
async function age({ databaseUrl }: Cluster, conversationId: string, upTo: number): Promise<void> {
  await runSql(databaseUrl, "update entries set at = at - interval '40 days' where conversation_id = $1 and seq <= $2", [
    conversationId,
    upTo,
  ]);
}

it('removes what is too old, keeps the numbers, and tells open clients and those that were away', async () => {
  await using cluster = await startPods(2, env);
  const [ann, bob] = await cluster.guests(2);
  const group = await cluster.group([ann!, bob!]);
  const annSocket = await cluster.connect(ann!, 0);
  const bobSocket = await cluster.connect(bob!, 1);
  const start = group.lastSeq;
  const seqs: number[] = [];
  for (let i = 1; i <= 6; i += 1) seqs.push((await annSocket.send(group.id, `message ${i}`)).seq!);
  const { messageId } = { messageId: (await annSocket.reached(group.id, seqs[1]!)).id };
  await bobSocket.call('reaction:set', { conversationId: group.id, messageId, clientMsgId: crypto.randomUUID(), emoji: '👍', on: true });
  await age(cluster, group.id, seqs[3]!);
  const told = await bobSocket.next('resync', (r) => r.reason === 'history_trimmed', 30_000);
  assert.deepEqual(told.conversationIds, [group.id]);

  const history = await cluster.ok<HistoryPage & { items: { body: string }[] }>(bob!, 'GET', `/v1/conversations/${group.id}/messages`);
  assert.deepEqual(
    history.items.map((m) => m.body),
    ['message 5', 'message 6'],
  );
  assert.equal(history.hasBefore, false);
  const sync = await cluster.ok<SyncPage>(bob!, 'POST', '/v1/sync', { cursors: { [group.id]: start } });
  assert.deepEqual(sync.limited[group.id], { from: start + 1, to: seqs[3], reason: 'trimmed' });
  assert.deepEqual(
    sync.entries[group.id]?.map((e) => e.seq),
    [seqs[4], seqs[5], seqs[5]! + 1],
  );
  const upToDate = await cluster.ok<SyncPage>(bob!, 'POST', '/v1/sync', { cursors: { [group.id]: seqs[4]! } });
  assert.equal(upToDate.limited[group.id], undefined);
  const seen = await cluster.ok<Conversation>(bob!, 'GET', `/v1/conversations/${group.id}`);
  assert.equal(seen.me.unread, 2);
  assert.equal((await annSocket.send(group.id, 'next')).seq, seqs[5]! + 2);
  const left = await runSql<{ n: number }>(
    cluster.databaseUrl,
    `select (select count(*) from reactions where conversation_id = $1)::int + (select count(*) from entries where conversation_id = $1 and seq <= $2)::int as n`,
    [group.id, seqs[3]!],
  );
  assert.equal(left[0]!.n, 0);
});

it('takes what search and files know of it along', async () => {
  await using store = await testStores.volume();
  await using cluster = await startPods(1, { ...env, ...store.env });
  const ann = await cluster.register('Ann');
  const group = await cluster.group([ann]);
  const socket = await cluster.connect(ann);
  const content = new TextEncoder().encode('minutes');
  const [oldFile, youngFile] = [
    await upload(cluster, ann, { name: 'old.txt', content }),
    await upload(cluster, ann, { name: 'new.txt', content }),
  ];
  const old = await socket.send(group.id, 'walrus of old', { attachments: [oldFile.fileId] });
  const young = await socket.send(group.id, 'walrus of late', { attachments: [youngFile.fileId] });
  const found = async () =>
    (await cluster.ok<SearchPage>(ann, 'GET', '/v1/search?q=walrus')).items.map(({ message }) => message.id).join(' ');
  await eventually(async () => (await found()) === `${young.id} ${old.id}`, { deadlineMs: 30_000, message: 'both are indexed' });
  const left = async (table: 'message_search' | 'file_uses') =>
    (
      await runSql<{ id: string }>(cluster.databaseUrl, `select message_id as id from ${table} where conversation_id = $1 order by 1`, [
        group.id,
      ])
    ).map(({ id }) => id);
  assert.deepEqual([...(await left('message_search'))].sort(), [old.id, young.id].sort());
  assert.deepEqual([...(await left('file_uses'))].sort(), [old.id, young.id].sort());
  await age(cluster, group.id, old.seq!);
  await eventually(async () => (await left('message_search')).length === 1, { deadlineMs: 30_000, message: 'the old one is gone' });
  assert.deepEqual(await left('message_search'), [young.id]);
  assert.deepEqual(await left('file_uses'), [young.id]);
  assert.equal(await found(), young.id);
});

it('takes a whole conversation, and a large one in several steps; what is young stays', async () => {
  await using cluster = await startPods(1, env);
  const [ann] = await cluster.guests(1);
  const [old, young] = [await cluster.group([ann!]), await cluster.group([ann!])];
  const socket = await cluster.connect(ann!);
  await socket.send(young.id, 'stays');
  await runSql(
    cluster.databaseUrl,
    `with added as (
       insert into entries (conversation_id, seq, id, type, actor_id, at, data)
       select $1, $2 + n, gen_random_uuid(), 'message', $3, now() - interval '40 days', '{"body":"old"}' from generate_series(1, 1200) n)
     update conversations set last_seq = $2 + 1200 where id = $1`,
    [old.id, old.lastSeq, ann!.id],
  );
  await age(cluster, old.id, old.lastSeq);
  const count = async (id: string) =>
    (await runSql<{ n: number }>(cluster.databaseUrl, 'select count(*)::int as n from entries where conversation_id = $1', [id]))[0]!.n;
  await eventually(async () => (await count(old.id)) === 0, { deadlineMs: 30_000 });
  assert.ok((await count(young.id)) > 0);
  const sync = await cluster.ok<SyncPage>(ann!, 'POST', '/v1/sync', { cursors: { [old.id]: 0 } });
  assert.deepEqual(sync.limited[old.id], { from: 1, to: old.lastSeq + 1200, reason: 'trimmed' });
  assert.equal((await socket.send(old.id, 'goes on')).seq, old.lastSeq + 1201);
});

it('previews to administrators what would go, and forgets old lines of the audit log', async () => {
  await using cluster = await startPods(1, { ...env, RETENTION_MESSAGES_DAYS: '0' });
  const boss = await cluster.register('Admin');
  await makeAdmin(cluster.databaseUrl, boss.id);
  const group = await cluster.group([boss]);
  const socket = await cluster.connect(boss);
  for (let i = 0; i < 3; i += 1) await socket.send(group.id, 'old');
  await age(cluster, group.id, group.lastSeq + 2);
  const preview = await cluster.ok<RetentionPreview>(boss, 'GET', '/v1/admin/retention?days=30');
  assert.deepEqual([preview.messages, preview.conversations], [2, 1]);
  assert.equal((await cluster.rest(boss, 'GET', '/v1/admin/retention?days=0')).status, 422);
  assert.equal((await cluster.rest(await cluster.register(), 'GET', '/v1/admin/retention?days=30')).status, 403);
  for (const at of ["now() - interval '40 days'", 'now()']) {
    await runSql(cluster.databaseUrl, `insert into audit_log (actor_id, action, at) values ($1, 'test.line', ${at})`, [boss.id]);
  }
  const lines = async () =>
    (await cluster.ok<{ items: AuditEntry[] }>(boss, 'GET', '/v1/admin/audit')).items.filter((a) => a.action === 'test.line').length;
  await eventually(async () => (await lines()) === 1, { deadlineMs: 30_000 });
});

it('keeps to what administrators say: for all, and for one conversation', async () => {
  await using cluster = await startPods(2, { ...env, RETENTION_MESSAGES_DAYS: '0', RETENTION_AUDIT_DAYS: '0' });
  const boss = await cluster.register('Admin');
  await makeAdmin(cluster.databaseUrl, boss.id);
  const groups = [await cluster.group([boss]), await cluster.group([boss]), await cluster.group([boss])] as const;
  const socket = await cluster.connect(boss);
  for (const group of groups) {
    for (const body of ['first', 'second']) await socket.send(group.id, body);
    await age(cluster, group.id, group.lastSeq + 1);
  }
  const [usual, kept, brief] = groups;
  const bodies = async ({ id }: Conversation) =>
    (await cluster.ok<{ items: { body: string }[] }>(boss, 'GET', `/v1/conversations/${id}/messages`, undefined, 1)).items
      .map(({ body }) => body)
      .join(' ');
  const rule = (id: string, retentionDays: number | null) =>
    cluster.rest(boss, 'PATCH', `/v1/admin/conversations/${id}`, { retentionDays });
  const path = '/v1/admin/retention/settings';

  // One conversation alone.
  const one = await cluster.ok<RetentionPreview>(boss, 'GET', `/v1/admin/retention?days=35&conversationId=${brief.id}`);
  assert.deepEqual([one.messages, one.conversations, one.auditLines], [1, 1, 0]);
  assert.equal((await rule(brief.id, 35)).status, 204);
  await eventually(async () => (await bodies(brief)) === 'second', { deadlineMs: 30_000, message: 'its own rule counts' });
  assert.deepEqual([await bodies(usual), await bodies(kept)], ['first second', 'first second']);

  // All but the one that is kept for ever.
  assert.equal((await rule(kept.id, 0)).status, 204);
  const all = await cluster.ok<RetentionPreview>(boss, 'GET', '/v1/admin/retention?days=30');
  assert.deepEqual([all.messages, all.conversations], [1, 1], 'rules of their own are not counted');
  const changed = await cluster.ok<RetentionSettings>(boss, 'PATCH', path, { messagesDays: 30 });
  assert.deepEqual([changed.messagesDays, changed.auditDays, changed.defaults], [30, 0, { messagesDays: 0, auditDays: 0 }]);
  await eventually(async () => (await bodies(usual)) === 'second', { deadlineMs: 30_000, message: 'the rule for all counts' });
  assert.equal(await bodies(kept), 'first second');
  const ruled = await cluster.ok<{ items: AdminConversation[] }>(boss, 'GET', '/v1/admin/conversations?ruled=true');
  assert.deepEqual(
    new Set(ruled.items.map(({ id, retentionDays }) => `${id} ${retentionDays}`)),
    new Set([`${kept.id} 0`, `${brief.id} 35`]),
  );

  // Back to where it was: what is old now stays.
  assert.equal((await cluster.ok<RetentionSettings>(boss, 'PATCH', path, { messagesDays: null })).messagesDays, 0);
  assert.equal((await rule(kept.id, null)).status, 204);
  const { items } = await cluster.ok<{ items: AuditEntry[] }>(boss, 'GET', '/v1/admin/audit');
  assert.deepEqual(
    items.filter(({ action }) => action.includes('retention')).map(({ action, targetId, details }) => [action, targetId, details]),
    [
      ['conversation.retention_changed', kept.id, { days: null }],
      ['retention.changed', undefined, { messagesDays: null }],
      ['retention.changed', undefined, { messagesDays: 30 }],
      ['conversation.retention_changed', kept.id, { days: 0 }],
      ['conversation.retention_changed', brief.id, { days: 35 }],
    ],
  );
  assert.equal((await cluster.rest(boss, 'PATCH', path, { messagesDays: -1 })).status, 422);
  assert.equal((await cluster.rest(boss, 'PATCH', `/v1/admin/conversations/${usual.id}`, {})).status, 422);
  assert.equal((await rule(crypto.randomUUID(), 30)).status, 404);
  const other = await cluster.register();
  assert.equal((await cluster.rest(other, 'GET', path)).status, 403);
  assert.equal((await cluster.rest(other, 'PATCH', path, { messagesDays: 1 })).status, 403);
});
