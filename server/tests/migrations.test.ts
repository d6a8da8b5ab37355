import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createEmptyDatabase } from '@chatcluster/tools/testing';
import pg from 'pg';
import { applyMigrations, migrations } from '../src/store/migrate.ts';
import { runOldRelease } from './_old-release.ts';
import { fillTable, listTables } from './_rows.ts';
import { beginWatch, listFindings, loadShape, startWatch } from './_watch.ts';

/** In each partition of the entries more than are few. */
const ROWS = 5_000;
/** A statement of the old release waits for a table as long as a migration does, which is a second. */
const LONGEST_MS = 2_000;

/** In the order in which they are applied: of the number at the end. */
const names = migrations.map((Migration) => new Migration().name).sort((a, b) => Number(a.slice(-13)) - Number(b.slice(-13)));

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** A chat of the first release with people in it. */
async function makeFirst(url: string, client: pg.Client): Promise<void> {
  await applyMigrations(url, names.slice(0, 1));
  await startWatch(client);
}

/** What is wrong with a change, for the release that runs while it is made. */
async function runBeside(url: string, client: pg.Client, change: () => Promise<void>): Promise<string[]> {
  for (const table of await listTables(client)) await fillTable(client, table, ROWS);
  const before = await loadShape(client);
  await beginWatch(client);
  await using old = await runOldRelease(url);
  await old.round();
  await change();
  await old.round();
  const now = new Set(await loadShape(client));
  const lost = before.filter((part) => !now.has(part)).map((part) => `takes away ${part}`);
  const waited = old.longestMs() > LONGEST_MS ? ['keeps somebody waiting'] : [];
  return [...(await listFindings(client)), ...lost, ...waited, ...old.failures];
}

it('applies each migration beside a release that knows only what was there before, and that never waits long', async (t) => {
  await using database = await createEmptyDatabase();
  await using client = await connect(database.url);
  await makeFirst(database.url, client);
  for (const name of names.slice(1)) {
    await t.test(name, async () => {
      assert.deepEqual(await runBeside(database.url, client, () => applyMigrations(database.url, [name])), []);
    });
  }
  const { rows } = await client.query<{ invalid: number }>(
    'select (select count(*) from pg_index where not indisvalid)::int + (select count(*) from pg_constraint where not convalidated)::int as invalid',
  );
  assert.deepEqual(rows, [{ invalid: 0 }]);
});

const caught: Record<string, [sql: string, problem: RegExp]> = {
  'takes a column away': ['alter table members drop column level', /^takes away members\.level text$/],
  'gives a column another name': ['alter table entries rename column data to payload', /^send: .*column "data"/],
  'takes a function away': ['drop function append_entries', /^send: function append_entries/],
  'asks for a value that the old release does not give': [
    "alter table users add column tenant text not null default 'x'; alter table users alter column tenant drop default",
    /^insert users: null value in column "tenant"/,
  ],
  'rewrites a table': ['alter table users add column stamp timestamptz default clock_timestamp()', /^rewrites users$/],
  'reads a table that it has locked': [
    "alter table users add column word text check (word <> '')",
    /^reads all of, while it locks, users$/,
  ],
  'builds an index while nobody may write': ['create index on conversations (title)', /^reads all of, while it locks, conversations$/],
  'writes every row in one transaction': ['update reactions set emoji = emoji', /^writes every row of reactions$/],
  'holds a table for long': ['lock table message_state in share mode; select pg_sleep(3)', /^keeps somebody waiting$/],
};

for (const [what, [sql, problem]] of Object.entries(caught)) {
  it(`catches a migration that ${what}`, async () => {
    await using database = await createEmptyDatabase();
    await using client = await connect(database.url);
    await makeFirst(database.url, client);
    await using other = await connect(database.url);
    const problems = await runBeside(database.url, client, async () => {
      await other.query(`begin; ${sql}; insert into migrations (timestamp, name) values (1, 'bad'); commit`);
    });
    assert.ok(
      problems.some((found) => problem.test(found)),
      problems.join('\n'),
    );
  });
}

it('gives way when somebody holds a table for long, and comes back', async () => {
  await using database = await createEmptyDatabase();
  await using client = await connect(database.url);
  await makeFirst(database.url, client);
  const next = names.find((name) => name.startsWith('Safety'))!;
  await applyMigrations(database.url, names.slice(0, names.indexOf(next)));
  await using holder = await connect(database.url);
  const change = async () => {
    await holder.query('begin; select from users limit 1');
    const released = wait(2 * LONGEST_MS).then(() => holder.query('commit'));
    await applyMigrations(database.url, [next]);
    await released;
  };
  assert.deepEqual(await runBeside(database.url, client, change), []);
});

it('builds an index anew whose build was interrupted, and leaves one that is whole', async () => {
  await using database = await createEmptyDatabase();
  await using client = await connect(database.url);
  const checks = names.find((name) => name.startsWith('ValidatedChecks'))!;
  await applyMigrations(database.url, names.slice(0, names.indexOf(checks)));
  const find = async () => {
    const { rows } = await client.query<{ id: number; valid: boolean }>(
      "select indexrelid as id, indisvalid as valid from pg_index where indexrelid = to_regclass('conversations_retention')",
    );
    return rows[0];
  };
  await client.query('create index conversations_retention on conversations (id) where retention_days > 0');
  await client.query("update pg_index set indisvalid = false where indexrelid = 'conversations_retention'::regclass");
  const interrupted = await find();
  await applyMigrations(database.url, [checks]);
  const built = await find();
  assert.ok(built?.valid && built.id !== interrupted?.id);
  await client.query('delete from migrations where name = $1', [checks]);
  await applyMigrations(database.url, [checks]);
  assert.deepEqual(await find(), built);
});
