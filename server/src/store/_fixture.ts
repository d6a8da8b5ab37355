import { randomUUID } from 'node:crypto';
import { createDatabase } from '@chatcluster/tools/testing';
import { createLog } from '../log.ts';
import { createStore, type Store } from './store.ts';
import type { AppendRow, ChangeRow, ChangeStored, MembershipChanged } from './types.ts';

export interface Fixture extends AsyncDisposable {
  store: Store;
  databaseUrl: string;
}

export async function createFixture(poolSize = 10): Promise<Fixture> {
  const database = await createDatabase();
  const store = createStore({ databaseUrl: database.url, poolSize, log: createLog('silent', 'test') });
  return {
    store,
    databaseUrl: database.url,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

export async function makeUsers(store: Store, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await store.pool.query("insert into users (id, display_name) select u, 'Person' from unnest($1::uuid[]) u", [ids]);
  return ids;
}

/** The first user owns it. */
export async function makeGroup(store: Store, userIds: string[], history: 'all' | 'joined' = 'joined'): Promise<string> {
  const id = randomUUID();
  await store.createConversation({ id, kind: 'group', history, creatorId: userIds[0]!, memberIds: userIds });
  return id;
}

export function messageRow(conversationId: string, actorId: string, over: Partial<AppendRow> = {}): AppendRow {
  return {
    conversationId,
    actorId,
    id: randomUUID(),
    type: 'message',
    clientMsgId: randomUUID(),
    data: JSON.stringify({ body: 'hello' }),
    expectVersion: null,
    ...over,
  };
}

export async function send(store: Store, conversationId: string, actorId: string, data: object = { body: 'hello' }): Promise<string> {
  const row = messageRow(conversationId, actorId, { data: JSON.stringify(data) });
  await store.appendEntries([row]);
  return row.id;
}

/** `what`: how many, or the bodies themselves. */
export async function sendMany(store: Store, conversationId: string, actorId: string, what: number | string[]): Promise<void> {
  const bodies = typeof what === 'number' ? Array.from({ length: what }, () => 'hello') : what;
  await store.appendEntries(bodies.map((body) => messageRow(conversationId, actorId, { data: JSON.stringify({ body }) })));
}

/** Counted while there is nothing, as autovacuum does; were they counted again, plans would be made anew. */
export async function prepareEmptyEntries({ pool }: Store): Promise<void> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relname ~ '^entries_'`,
  );
  for (const { name } of tables) await pool.query(`alter table ${name} set (autovacuum_enabled = off)`);
  await pool.query('analyze');
}

/** Rows of entries that were read until now, however that was planned; by a pool of one connection. */
export function entriesRead(store: Store): Promise<number> {
  return rowsRead(store, '^entries_');
}

/** Of the tables whose names match. */
export async function rowsRead({ pool }: Store, tables: string): Promise<number> {
  await pool.query('select pg_stat_force_next_flush()');
  const { rows } = await pool.query<{ count: number }>(
    `select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as count from pg_stat_user_tables where relname ~ $1`,
    [tables],
  );
  return rows[0]!.count;
}

export function changeRow(conversationId: string, actorId: string, type: ChangeRow['type'], data: ChangeRow['data']): ChangeRow {
  return { conversationId, actorId, type, data, id: randomUUID(), clientMsgId: randomUUID(), expectVersion: null };
}

export function changed<T extends { status: string }>(result: T): Extract<T, MembershipChanged> {
  if (result.status !== 'changed') throw new Error(`expected a change, got ${result.status}`);
  return result as Extract<T, MembershipChanged>;
}

export function stored<T extends { status: string }>(result: T): Extract<T, ChangeStored> {
  if (result.status !== 'stored') throw new Error(`expected a stored entry, got ${result.status}`);
  return result as Extract<T, ChangeStored>;
}
