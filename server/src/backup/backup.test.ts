import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { createEmptyDatabase, runSql } from '@chatcluster/tools/testing';
import { createLog } from '../log.ts';
import { createFixture, type Fixture, makeGroup, makeUsers, sendMany } from '../store/_fixture.ts';
import { applyMigrations, listMigrations, migrate } from '../store/migrate.ts';
import { BackupError, type BackupFailure } from './errors.ts';
import { createFolderPlace } from './folder-place.ts';
import { makeBackup } from './make-backup.ts';
import { MANIFEST, type Manifest } from './manifest.ts';
import type { BackupPlace } from './place.ts';
import { restoreBackup } from './restore-backup.ts';
import { removeExpired } from './retention.ts';

const log = createLog('silent', 'test');
const { signal } = new AbortController();

async function makePlace() {
  const dir = await mkdtemp(join(tmpdir(), 'chat-backup-'));
  return { dir, place: createFolderPlace(dir), [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

async function backUp(databaseUrl: string, place: BackupPlace, name = 'one'): Promise<Manifest> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await makeBackup({ client, place, name, release: '0.0.0', log, signal });
  } finally {
    await client.end();
  }
}

const restore = (databaseUrl: string, place: BackupPlace, name?: string) => restoreBackup({ databaseUrl, place, name, log, signal });

async function refused(work: Promise<unknown>, reason: BackupFailure): Promise<void> {
  await assert.rejects(work, (error) => error instanceof BackupError && error.reason === reason);
}

async function makeChat({ store }: Fixture, messages = 20) {
  const users = await makeUsers(store, 3);
  const groupId = await makeGroup(store, users);
  await sendMany(store, groupId, users[0]!, messages);
  return { users, groupId };
}

/** `before` is called before the file is written, or read. */
function spied(place: BackupPlace, before: (file: string) => Promise<void>): BackupPlace {
  return {
    ...place,
    async write(folder, file, content) {
      await before(file);
      return place.write(folder, file, content);
    },
    async read(folder, file) {
      await before(file);
      return place.read(folder, file);
    },
  };
}

it('holds one moment, whatever is written while it runs', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  const { users, groupId } = await makeChat(fixture);
  let written = 0;
  const busy = spied(at.place, async () => {
    written += 1;
    await sendMany(fixture.store, groupId, users[0]!, 3);
    const [user] = await makeUsers(fixture.store, 1);
    await sendMany(fixture.store, await makeGroup(fixture.store, [user!, users[0]!]), user!, 2);
  });
  const manifest = await backUp(fixture.databaseUrl, busy);
  assert.ok(written > 20, 'something was written before each file');
  assert.deepEqual([manifest.tables.users, manifest.tables.conversations, manifest.sequences.rows], [3, 1, 1]);
  await using target = await createEmptyDatabase();
  await restore(target.url, at.place);
  const [found] = await runSql<{ last: number; top: number; n: number; users: number }>(
    target.url,
    `select c.last_seq::int as last, max(e.seq)::int as top, count(*)::int as n, (select count(*)::int from users) as users
     from conversations c join entries e on e.conversation_id = c.id group by c.id`,
  );
  assert.deepEqual([found?.top, found?.n, found?.users], [found?.last, found?.last, 3]);
});

it('keeps rows of one commit together, under a load that does not stop', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  const { users, groupId } = await makeChat(fixture, 1);
  let isOver = false;
  const writing = (async () => {
    while (!isOver) await Promise.all(Array.from({ length: 4 }, () => sendMany(fixture.store, groupId, users[0]!, 5)));
  })();
  for (let i = 0; i < 2; i += 1) {
    await backUp(fixture.databaseUrl, at.place, `load-${i}`);
    await using target = await createEmptyDatabase();
    await restore(target.url, at.place, `load-${i}`);
    const [found] = await runSql(target.url, `select (select last_seq from conversations) = (select count(*) from entries) as "isWhole"`);
    assert.deepEqual(found, { isWhole: true });
  }
  isOver = true;
  await writing;
});

it('lets a migration wait for the backup, not the chat behind the migration', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  let isMigrated = false;
  let migrating: Promise<void> | undefined;
  await backUp(
    fixture.databaseUrl,
    spied(at.place, async () => {
      migrating ??= migrate(fixture.databaseUrl).then(() => void (isMigrated = true));
      assert.equal(isMigrated, false);
    }),
  );
  await migrating;
  assert.equal(isMigrated, true);
});

it('takes tables of a chat that never began, as a migration that was too quick leaves them, unless they are newer', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  await makeChat(fixture);
  await backUp(fixture.databaseUrl, at.place);
  await using target = await createEmptyDatabase();
  await migrate(target.url);
  assert.equal((await restore(target.url, at.place)).conversations, 1);
  await using old = await createEmptyDatabase();
  await using early = await makePlace();
  await applyMigrations(old.url, listMigrations().slice(0, 3));
  await backUp(old.url, early.place);
  await using newer = await createEmptyDatabase();
  await migrate(newer.url);
  await refused(restore(newer.url, early.place), 'DatabaseNotEmpty');
  // A pod that has started is enough.
  await using begun = await createEmptyDatabase();
  await migrate(begun.url);
  await runSql(begun.url, "insert into signing_keys (kid, private_jwk) values ('one', '{}')");
  await refused(restore(begun.url, at.place), 'DatabaseNotEmpty');
});

it('refuses a database with anything in it, and leaves that alone', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  await makeUsers(fixture.store, 1);
  await backUp(fixture.databaseUrl, at.place);
  await refused(restore(fixture.databaseUrl, at.place), 'DatabaseNotEmpty');
  await using other = await createEmptyDatabase();
  await runSql(other.url, 'create table mine (a int)');
  await refused(restore(other.url, at.place), 'DatabaseNotEmpty');
  assert.deepEqual(await runSql(other.url, "select nspname from pg_namespace where nspname = 'chatcluster_restore'"), []);
});

/** Changes the manifest, and gives files that are given another content with sums that fit. */
async function forge(dir: string, change: (manifest: Manifest) => void, files: Record<string, Buffer> = {}): Promise<void> {
  const path = join(dir, 'one', MANIFEST);
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(dir, 'one', file), content);
    const part = [...manifest.parts, manifest.sequences].find((each) => each.file === file)!;
    Object.assign(part, { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
  }
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

const bad: Record<string, { reason: BackupFailure; spoil(dir: string, groupId: string): Promise<void> }> = {
  'a byte is another': {
    reason: 'BackupDamaged',
    async spoil(dir) {
      const path = join(dir, 'one', 'users.copy.gz');
      const content = await readFile(path);
      content[content.length - 6]! ^= 0xff;
      await writeFile(path, content);
    },
  },
  'a file is cut short': { reason: 'BackupNotComplete', spoil: (dir) => truncate(join(dir, 'one', 'members.copy.gz'), 10) },
  'a file is missing': { reason: 'BackupNotComplete', spoil: (dir) => rm(join(dir, 'one', 'members.copy.gz')) },
  'the manifest is no JSON': { reason: 'BackupDamaged', spoil: (dir) => writeFile(join(dir, 'one', MANIFEST), '{"format": 1') },
  'the manifest names what is no table': {
    reason: 'BackupDamaged',
    spoil: (dir) => forge(dir, (manifest) => void (manifest.parts[0]!.table = 'users; drop table users')),
  },
  'the format is of a later release': {
    reason: 'BackupTooNew',
    spoil: (dir) => forge(dir, (manifest) => void Object.assign(manifest, { format: 2 })),
  },
  'it has tables of a later release': {
    reason: 'BackupTooNew',
    spoil: (dir) => forge(dir, (manifest) => void manifest.migrations.push('Later1863733600050')),
  },
  'a table has not all of its rows': { reason: 'ChecksFailed', spoil: (dir) => forge(dir, ({ tables }) => void (tables.users! += 1)) },
  'a conversation ends elsewhere': {
    reason: 'ChecksFailed',
    spoil: (dir, groupId) => forge(dir, () => undefined, { 'sequences.copy.gz': gzipSync(`${groupId}\t99\t99\n`) }),
  },
  'rows do not fit the table': {
    reason: 'BackupDamaged',
    spoil: (dir) => forge(dir, () => undefined, { 'users.copy.gz': gzipSync('no\tuser\n') }),
  },
};

it('refuses what is damaged, and restores a good one into the same database afterwards', async () => {
  await using fixture = await createFixture();
  const { groupId } = await makeChat(fixture);
  await using target = await createEmptyDatabase();
  for (const [what, { reason, spoil }] of Object.entries(bad)) {
    await using at = await makePlace();
    await backUp(fixture.databaseUrl, at.place);
    await spoil(at.dir, groupId);
    await assert.rejects(restore(target.url, at.place, 'one'), (error) => error instanceof BackupError && error.reason === reason, what);
  }
  // Something was begun there: no pod may take the empty tables for a chat.
  await assert.rejects(migrate(target.url), { name: 'RestoreUnfinishedError' });
  await using at = await makePlace();
  await backUp(fixture.databaseUrl, at.place);
  assert.equal((await restore(target.url, at.place)).conversations, 1);
  await migrate(target.url);
  await refused(restore(target.url, at.place, 'another'), 'BackupNotFound');
});

it('goes on where it was lost: among the rows, or after them', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  await makeChat(fixture);
  await backUp(fixture.databaseUrl, at.place);
  await using target = await createEmptyDatabase();
  const cut = spied(at.place, async (file) => {
    if (file !== 'entries_08.copy.gz') return;
    await runSql(
      target.url,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'chatcluster-migrate-lock' and datname = current_database()",
    );
  });
  await assert.rejects(restore(target.url, cut));
  assert.deepEqual(await runSql(target.url, 'select state, (select count(*)::int from users) as users from chatcluster_restore.progress'), [
    { state: 'running', users: 0 },
  ]);
  const done = await restore(target.url, at.place);
  await runSql(target.url, "update chatcluster_restore.progress set state = 'copied'");
  assert.deepEqual(await restore(target.url, at.place), done);
  assert.deepEqual(await runSql(target.url, 'select state from chatcluster_restore.progress'), [{ state: 'done' }]);
});

it('brings the tables of an older release up to date', async () => {
  await using old = await createEmptyDatabase();
  await using at = await makePlace();
  const names = listMigrations();
  await applyMigrations(old.url, names.slice(0, 3));
  const id = randomUUID();
  await runSql(old.url, "insert into users (id, display_name) values ($1, 'Ann')", [id]);
  await backUp(old.url, at.place);
  await using target = await createEmptyDatabase();
  await restore(target.url, at.place);
  const applied = await runSql<{ name: string }>(target.url, 'select name from migrations order by id');
  assert.deepEqual(applied.map(({ name }) => name).sort(), [...names].sort());
  assert.deepEqual(await runSql(target.url, 'select id, bot from users'), [{ id, bot: null }]);
  await using newer = await createFixture();
  await using later = await makePlace();
  await backUp(newer.databaseUrl, later.place);
  await refused(restore(target.url, later.place), 'DatabaseNotEmpty');
});

it('begins another epoch at each restore, also of the same backup', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  await backUp(fixture.databaseUrl, at.place);
  await using first = await createEmptyDatabase();
  const { epoch } = await restore(first.url, at.place);
  assert.ok(epoch > Date.now() / 1_000 - 3_600);
  await backUp(first.url, at.place, 'two');
  await using second = await createEmptyDatabase();
  assert.ok((await restore(second.url, at.place, 'two')).epoch > epoch);
});

it('gives numbers after the highest one that was restored', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  await runSql(fixture.databaseUrl, "insert into audit_log (action) select 'x' from generate_series(1, 5)");
  await backUp(fixture.databaseUrl, at.place);
  await using target = await createEmptyDatabase();
  await restore(target.url, at.place);
  assert.deepEqual(await runSql(target.url, "insert into audit_log (action) values ('y') returning id::int"), [{ id: 6 }]);
});

it('removes what is older than the retention, never the newest good one', async () => {
  await using fixture = await createFixture();
  await using at = await makePlace();
  for (const name of ['one', 'two', 'three', 'damaged']) await backUp(fixture.databaseUrl, at.place, name);
  await rm(join(at.dir, 'damaged', 'users.copy.gz'));
  await at.place.write('killed', 'users.copy.gz', await at.place.read('one', 'users.copy.gz').then((file) => file!));
  await at.place.write('running', 'users.copy.gz', await at.place.read('one', 'users.copy.gz').then((file) => file!));
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  await utimes(join(at.dir, 'killed', 'users.copy.gz'), longAgo, longAgo);
  const names = async () => (await at.place.list()).map(({ name }) => name).sort();
  const expire = (retentionSeconds: number) => removeExpired({ place: at.place, retentionSeconds, nowMs: Date.now() + 10_000, log });
  assert.deepEqual(await expire(3_600), ['killed']);
  assert.deepEqual((await expire(1)).sort(), ['one', 'two']);
  assert.deepEqual(await names(), ['damaged', 'running', 'three']);
});
