import type pg from 'pg';
import type { Db } from './sql/auth-keys.ts';

/** Commits what `work` did, or nothing of it. A connection whose end is unclear is not used again. */
export async function inTransaction<T>(pool: pg.Pool, work: (db: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((cause: unknown) => (broken = cause instanceof Error ? cause : new Error('rollback failed')));
    throw error;
  } finally {
    client.release(broken);
  }
}
