export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** One SQLite connection, as little of it as is needed: the WebAssembly build in a browser, `node:sqlite` in Node. */
export interface Sql {
  /** One or more statements without parameters. */
  exec(sql: string): void;
  run(sql: string, params?: readonly SqlValue[]): void;
  all(sql: string, params?: readonly SqlValue[]): SqlRow[];
  close(): void;
}

/** All of it or nothing, also when the process dies in the middle. */
export function inTransaction<T>(sql: Sql, work: () => T): T {
  sql.exec('begin immediate');
  try {
    const result = work();
    sql.exec('commit');
    return result;
  } catch (error) {
    rollBack(sql);
    throw error;
  }
}

/** SQLite has rolled back by itself after some errors (disk full); then there is nothing left to do. */
function rollBack(sql: Sql): void {
  try {
    sql.exec('rollback');
  } catch (error) {
    if (!String(error).includes('no transaction is active')) throw error;
  }
}

const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;

/** SQLite's primary result code; undefined: no error of SQLite. */
function codeOf(error: unknown): number | undefined {
  const { resultCode, errcode } = error as { resultCode?: unknown; errcode?: unknown };
  const code = resultCode ?? errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** What the file holds is worth nothing any more. A row that is no JSON was not written by this program. */
export function isCorrupt(error: unknown): boolean {
  const code = codeOf(error);
  return code === CORRUPT || code === NOTADB || error instanceof SyntaxError;
}

/** There is no room. A browser's quota shows as a failed write (`IOERR`). */
export function isFull(error: unknown): boolean {
  const code = codeOf(error);
  return code === FULL || code === IOERR;
}
