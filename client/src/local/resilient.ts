import type { PendingMessage } from '../types.ts';
import { createLocalDatabase } from './database.ts';
import { evict, usedBytes } from './evict.ts';
import { migrateLocal, NewerSchemaError } from './schema.ts';
import { isCorrupt, isFull, type Sql } from './sql.ts';
import type { LocalDatabase, LocalMethod } from './types.ts';

export interface ResilientDeps {
  /** Opens the file; `fresh`: throws away what is there first. */
  open(fresh: boolean): Promise<Sql>;
  nowMs(): number;
  /** Above this the oldest messages go. @default 128 MiB */
  maxBytes?: number;
}

type Arguments<M extends LocalMethod> = Parameters<LocalDatabase[M]>;
type Result<M extends LocalMethod> = ReturnType<LocalDatabase[M]>;

export interface ResilientDatabase {
  call<M extends LocalMethod>(method: M, ...args: Arguments<M>): Promise<Result<M>>;
  close(): void;
}

const MAX_BYTES = 128 * 1024 * 1024;

/**
 * A copy that mends itself: a corrupt file, or one of a later release, is made anew (with what can still be read of the
 * outbox); a full device loses the oldest messages first. Rejects only when there is no storage at all.
 */
export async function openResilient(deps: ResilientDeps): Promise<ResilientDatabase> {
  let sql = await openMended(deps);
  let database = createLocalDatabase(sql, deps.nowMs);

  const run = <M extends LocalMethod>(method: M, args: Arguments<M>) =>
    (database[method] as (...given: Arguments<M>) => Result<M>)(...args);

  async function recover(error: unknown): Promise<void> {
    if (isFull(error)) return evict(sql);
    if (!isCorrupt(error)) throw error;
    sql = await openAnew(deps, sql);
    database = createLocalDatabase(sql, deps.nowMs);
  }

  return {
    async call(method, ...args) {
      let result: Result<typeof method>;
      try {
        result = run(method, args);
      } catch (error) {
        await recover(error);
        result = run(method, args);
      }
      if (method === 'write' && usedBytes(sql) > (deps.maxBytes ?? MAX_BYTES)) evict(sql);
      return result;
    },
    close: () => sql.close(),
  };
}

async function openMended(deps: ResilientDeps): Promise<Sql> {
  let sql: Sql | undefined;
  try {
    sql = await deps.open(false);
    migrateLocal(sql);
    return sql;
  } catch (error) {
    if (!isCorrupt(error) && !(error instanceof NewerSchemaError)) throw error;
    return openAnew(deps, sql);
  }
}

async function openAnew(deps: ResilientDeps, broken: Sql | undefined): Promise<Sql> {
  const unsent = broken === undefined ? [] : salvageOutbox(broken);
  broken?.close();
  const sql = await deps.open(true);
  migrateLocal(sql);
  const database = createLocalDatabase(sql, deps.nowMs);
  for (const pending of unsent) database.savePending(pending);
  return sql;
}

/** The history comes again from the server; what was never sent is only here. */
function salvageOutbox(sql: Sql): PendingMessage[] {
  try {
    return createLocalDatabase(sql, Date.now).loadOutbox();
  } catch {
    return []; // Broken there too: nothing can be saved, and the error that led here was acted on.
  }
}
