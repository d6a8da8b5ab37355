import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ChangesPage, HistoryPage, SearchPage, SyncPage } from '@chatcluster/protocol';
import { createEmptyDatabase, eventually, runSql } from '@chatcluster/tools/testing';
import { contents, type Place, places, runTask, startTask } from './_backup.ts';
import { testStores, upload } from './_files.ts';
import { Cluster, type Person, startPods } from './_pods.ts';

/** What is not in a backup, or is another after a restore. */
const notCompared = [
  ...['migrations', 'installation', 'batches', 'notices', 'notify_cursor', 'mail_tokens', 'tickets', 'login_failures', 'match_waiting'],
  ...['message_search', 'search_progress', 'search_state', 'search_words', 'search_ages', 'jobs', 'webhooks', 'duties'],
];

type Messages = HistoryPage & { items: { body: string; seq: number; deletedAt?: string; reactions?: unknown[] }[] };

/** A pod over a restored database. */
async function startRestored(databaseUrl: string, env: Record<string, string> = {}): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const cluster = new Cluster(databaseUrl, stack.move(), env);
  try {
    await cluster.addPod();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

/** A bit of everything. */
async function chat(cluster: Cluster) {
  const ann = await cluster.register('Ann');
  const bob = await cluster.guest('Bob');
  const group = await cluster.group([ann, bob]);
  const socket = await cluster.connect(ann);
  const sent: { id: string }[] = [];
  for (const body of ['first', 'second with Zanzibar', 'third', 'fourth']) sent.push(await socket.send(group.id, body));
  const change = (event: 'message:edit' | 'message:delete' | 'reaction:set', index: number, more: object) =>
    socket.emit(event, { conversationId: group.id, messageId: sent[index]!.id, clientMsgId: crypto.randomUUID(), ...more });
  await change('message:edit', 1, { body: 'second, edited, with Zanzibar' });
  await change('message:delete', 2, {});
  await change('reaction:set', 3, { emoji: '👍', on: true });
  const file = await upload(cluster, ann, { content: Buffer.from('attached') });
  await socket.send(group.id, 'with a file', { attachments: [file.fileId] });
  await cluster.ok(ann, 'POST', `/v1/conversations/${group.id}/webhooks`, {
    kind: 'outgoing',
    name: 'Out',
    url: 'https://example.org/hook',
    events: ['message'],
  });
  await socket.send(group.id, 'for the webhook');
  // As retention leaves it: the beginning is gone, the numbers go on.
  await runSql(cluster.databaseUrl, "update entries set at = at - interval '40 days' where seq <= 2");
  await runSql(cluster.databaseUrl, "select purge_entries(now() - interval '30 days', 100)");
  await runSql(
    cluster.databaseUrl,
    `insert into jobs (kind, payload, run_at) values
    ('account-mail', '{"n": 1}', now() + interval '1 day'), ('account-delete', '{"userId": "${crypto.randomUUID()}"}', now() + interval '1 day')`,
  );
  return { ann, bob, groupId: group.id };
}

function read(cluster: Cluster, who: Person, conversationId: string): Promise<Messages> {
  return cluster.ok<Messages>(who, 'GET', `/v1/conversations/${conversationId}/messages`);
}

for (const [kind, open] of Object.entries(places)) {
  it(`restores everything into a fresh database, from ${kind === 's3' ? 'a bucket' : 'a folder'}, and the chat goes on`, async () => {
    await using place = await open();
    await using files = await testStores.volume();
    await using cluster = await startPods(1, files.env);
    const { ann, bob, groupId } = await chat(cluster);
    const before = await read(cluster, bob, groupId);
    const epoch = (await (await cluster.connect(ann)).next('session:ready')).epoch;
    const changes = await cluster.ok<ChangesPage>(ann, 'GET', '/v1/changes');
    const made = await runTask('backup', cluster.databaseUrl, { ...place.env, BACKUP_NAME: 'first' });
    assert.equal(made.code, 0, made.log);
    assert.deepEqual([made.result?.ok, made.result?.name], [true, 'first']);

    await using target = await createEmptyDatabase();
    const restored = await runTask('restore', target.url, place.env);
    assert.equal(restored.code, 0, restored.log);
    const { rows, conversations, epoch: newEpoch } = restored.result!;
    assert.deepEqual({ rows, conversations }, { rows: made.result!.rows, conversations: 1 });
    assert.deepEqual(await contents(target.url, notCompared), await contents(cluster.databaseUrl, notCompared));
    assert.deepEqual(await runSql(target.url, 'select kind from jobs'), [{ kind: 'account-delete' }], 'nobody is mailed or called twice');
    assert.deepEqual(
      await runSql(
        target.url,
        'select w.seq = c.last_seq as "isCaughtUp" from webhooks w join conversations c on c.id = w.conversation_id',
      ),
      [{ isCaughtUp: true }],
    );

    await using again = await startRestored(target.url, files.env);
    assert.deepEqual(await read(again, bob, groupId), before);
    const socket = await again.connect(ann);
    assert.ok((await socket.next('session:ready')).epoch > epoch);
    assert.equal((await socket.next('session:ready')).epoch, newEpoch);
    const stale = await again.ok<ChangesPage>(ann, 'GET', `/v1/changes?since=${encodeURIComponent(changes.next)}`);
    assert.equal(stale.reset, true, 'what a device holds of the old epoch is void');
    const last = before.items.at(-1)!.seq;
    assert.equal((await socket.send(groupId, 'after the restore')).seq, last + 1);
    const sync = await again.ok<SyncPage>(bob, 'POST', '/v1/sync', { cursors: { [groupId]: last } });
    assert.deepEqual(
      sync.entries[groupId]?.map((entry) => entry.seq),
      [last + 1],
    );
    await eventually(async () => (await again.ok<SearchPage>(ann, 'GET', '/v1/search?q=zanzibar')).items.length === 1, {
      deadlineMs: 30_000,
      message: 'the search finds what was written before the backup',
    });
  });
}

/** Held by the test: whoever wants the table waits. */
async function holdTable(url: string, table: string) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query(`lock table ${table} in access exclusive mode`);
  return { [Symbol.asyncDispose]: () => client.end() };
}

async function waitsFor(url: string, application: string): Promise<boolean> {
  const rows = await runSql(
    url,
    "select 1 from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock' and wait_event = 'relation'",
    [application],
  );
  return rows.length > 0;
}

async function killInTheMiddle(databaseUrl: string, place: Place): Promise<void> {
  await using _ = await holdTable(databaseUrl, 'entries_07');
  const task = startTask('backup', databaseUrl, { ...place.env, BACKUP_NAME: 'nightly' });
  await eventually(() => waitsFor(databaseUrl, 'chatcluster-backup'), { deadlineMs: 60_000, message: 'the backup is in the middle' });
  task.kill();
  assert.equal((await task.ended).code, null);
}

it('takes no half-written backup for one, and finishes it when run again', async () => {
  await using place = await places.folder();
  await using cluster = await startPods(1);
  await cluster.group(await cluster.guests(2));
  await killInTheMiddle(cluster.databaseUrl, place);
  await using target = await createEmptyDatabase();
  const refused = await runTask('restore', target.url, place.env);
  assert.deepEqual([refused.code, refused.result?.reason], [65, 'BackupNotFound']);
  const named = await runTask('restore', target.url, { ...place.env, BACKUP_NAME: 'nightly' });
  assert.deepEqual([named.code, named.result?.reason], [65, 'BackupNotFound']);
  assert.equal((await runTask('backup', cluster.databaseUrl, { ...place.env, BACKUP_NAME: 'nightly' })).code, 0);
  assert.equal((await runTask('restore', target.url, place.env)).code, 0);
});

it('goes on with a restore whose process was killed', async () => {
  await using place = await places.folder();
  await using cluster = await startPods(1);
  const group = await cluster.group(await cluster.guests(2));
  assert.equal((await runTask('backup', cluster.databaseUrl, place.env)).code, 0);
  await using target = await createEmptyDatabase();
  const killed = startTask('restore', target.url, place.env);
  await eventually(
    async () => (await runSql(target.url, "select 1 from chatcluster_restore.progress where state = 'running'")).length === 1,
    {
      deadlineMs: 60_000,
      intervalMs: 2,
    },
  );
  killed.kill();
  await killed.ended;
  const again = await runTask('restore', target.url, place.env);
  assert.equal(again.code, 0, again.log);
  assert.deepEqual(await runSql(target.url, 'select id from conversations'), [{ id: group.id }]);
  const repeated = await runTask('restore', target.url, place.env);
  assert.deepEqual([repeated.code, repeated.result], [0, again.result], 'a restore that is done says so again');
});

it('says what is wrong with its settings without a stack', async () => {
  const nowhere = await runTask('backup', 'postgres://nobody@127.0.0.1:1/none', {});
  assert.equal(nowhere.code, 78);
  assert.match(nowhere.log, /neither BACKUP_DIR nor BACKUP_S3_BUCKET is set/);
  assert.doesNotMatch(nowhere.log, /at \w+ \(/);
});
