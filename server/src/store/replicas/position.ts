import type { Db } from '../sql/auth-keys.ts';

/** How far the primary has come, and in whose history. */
export interface Position {
  /** Write-ahead log, as Postgres writes it: `0/16B3748`. */
  lsn: string;
  /** One more after each promotion. */
  timeline: number;
  systemIdentifier: string;
}

/**
 * Everything that anybody was told of, or may see, is flushed by now: a commit becomes visible, and is answered, after its
 * flush. Where commits do not wait for the disk the end of the log is asked for.
 */
const sql = `
  select (case current_setting('synchronous_commit')
      when 'off' then pg_current_wal_insert_lsn() else pg_current_wal_flush_lsn() end)::text as lsn,
    ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int as timeline,
    (select system_identifier::text from pg_control_system()) as "systemIdentifier"`;

/**
 * Asks the primary for its position. The answer is never older than the call: callers share a question only while it has
 * not been sent, so that one is under way at a time however many read.
 */
export function createPositions(primary: Db): () => Promise<Position> {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<Position> | undefined;

  async function ask(): Promise<Position> {
    next = undefined;
    const { rows } = await primary.query<Position>({ name: 'wal-position', text: sql });
    return rows[0]!;
  }

  return () => {
    if (next === undefined) {
      next = underWay.then(ask);
      underWay = next.catch(() => undefined);
    }
    return next;
  };
}
