import { chmodSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../store.ts';
import { openResilient, type ResilientDatabase } from './resilient.ts';
import type { Sql, SqlRow, SqlValue } from './sql.ts';
import type { KnownAccount } from './types.ts';

/** SQLite of Node, as the local copy uses it. */
export function openNodeSql(path: string): Sql {
  const database = new DatabaseSync(path);
  return {
    exec: (sql) => database.exec(sql),
    run: (sql, params = []) => void database.prepare(sql).run(...(params as SqlValue[])),
    all: (sql, params = []) => database.prepare(sql).all(...(params as SqlValue[])) as SqlRow[],
    close: () => database.close(),
  };
}

interface Keys {
  get(key: string): string | undefined;
  /** Undefined forgets it. */
  set(key: string, value: string | undefined): void;
}

/**
 * The offline store for Node: outbox, history and the session in one SQLite file, for one user at a time. The file holds the
 * refresh token, so only its owner may read it (mode 0600).
 *
 * Rejects when the file cannot be opened.
 */
export async function createNodeStore(path: string): Promise<Store & AsyncDisposable> {
  let sql = openNodeSql(':memory:');
  const open = async (fresh: boolean) => {
    sql.close();
    if (fresh) rmSync(path, { force: true });
    sql = openNodeSql(path);
    chmodSync(path, 0o600);
    return sql;
  };
  let database = await openResilient({ open, nowMs: Date.now });
  const keys: Keys = {
    get: (key) => sql.all('select value from meta where key = ?', [key])[0]?.['value'] as string | undefined,
    set(key, value) {
      if (value === undefined) sql.run('delete from meta where key = ?', [key]);
      else sql.run('insert or replace into meta (key, value) values (?, ?)', [key, value]);
    },
  };
  const renew = async () => {
    rmSync(path, { force: true });
    database = await openResilient({ open, nowMs: Date.now });
  };
  const store = createFileStore(() => database, keys, renew);
  return { ...store, [Symbol.asyncDispose]: async () => database.close() };
}

/** What the file holds belongs to the account that it names. */
function createFileStore(database: () => ResilientDatabase, keys: Keys, renew: () => Promise<void>): Store {
  const account = () => {
    const saved = keys.get('account');
    return saved === undefined ? undefined : (JSON.parse(saved) as KnownAccount);
  };
  return {
    loadOutbox: () => database().call('loadOutbox'),
    savePending: (_userId, pending) => database().call('savePending', pending),
    deletePending: (_userId, clientMsgId) => database().call('deletePending', clientMsgId),
    loadRefreshToken: async () => keys.get('refreshToken'),
    saveRefreshToken: async (token) => keys.set('refreshToken', token),
    local: {
      loadAccount: async () => account(),
      async saveAccount(next) {
        const before = account();
        if (before !== undefined && before.user.id !== next.user.id) {
          const token = keys.get('refreshToken');
          await renew();
          keys.set('refreshToken', token);
        }
        keys.set('account', JSON.stringify(next));
      },
      loadState: () => database().call('loadState'),
      loadLog: (_userId, conversationId) => database().call('loadLog', conversationId),
      write: (_userId, batch) => database().call('write', batch),
      wipe: () => renew(),
    },
  };
}
