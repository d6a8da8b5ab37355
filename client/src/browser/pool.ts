import sqlite3InitModule, { type Database, type SAHPoolUtil } from '@sqlite.org/sqlite-wasm';
import type { Sql, SqlRow, SqlValue } from '../local/sql.ts';

export interface Pool {
  /** Rejects when this browser has no such storage. */
  open(fresh: boolean): Promise<Sql>;
  /** Deletes all files. */
  remove(): Promise<void>;
}

const FILE = '/chat.sqlite';
/** The worker of a tab that was just closed may hold the files for a moment longer than its lock. */
const TRIES = 20;
const RETRY_MS = 100;

/** SQLite on the pool of synchronous file handles: no shared memory, so no special headers; one owner at a time. */
export function createPool(name: string): Pool {
  let installed: Promise<SAHPoolUtil> | undefined;
  const pool = () => (installed ??= install(name));
  return {
    async open(fresh) {
      const util = await pool();
      if (fresh) util.unlink(FILE);
      const database = new util.OpfsSAHPoolDb(FILE);
      return toSql(database);
    },
    async remove() {
      await (await pool()).removeVfs();
    },
  };
}

async function install(name: string): Promise<SAHPoolUtil> {
  const sqlite = await sqlite3InitModule();
  // A failure must leave the files as they are: another tab may be using them.
  const failing = { preserveOnInitFailure: true, forceReinitIfPreviouslyFailed: true };
  for (let tries = 1; ; tries += 1) {
    try {
      return await sqlite.installOpfsSAHPoolVfs({ name, directory: `.${name}`, initialCapacity: 4, ...failing });
    } catch (error) {
      const isHeld = error instanceof Error && error.name === 'NoModificationAllowedError';
      if (!isHeld || tries >= TRIES) throw error;
      await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function toSql(database: Database): Sql {
  return {
    exec: (sql) => void database.exec(sql),
    run: (sql, params = []) => void database.exec({ sql, bind: params as SqlValue[] }),
    all: (sql, params = []) =>
      database.exec({ sql, bind: params as SqlValue[], rowMode: 'object', returnValue: 'resultRows' }) as unknown as SqlRow[],
    close: () => database.close(),
  };
}
