import type { Db } from './auth-keys.ts';

const claimSql = `
  insert into duties as d (holder, until) values ($1, clock_timestamp() + $2 * interval '1 millisecond')
  on conflict (only_row) do update set holder = excluded.holder, until = excluded.until
  where d.holder = excluded.holder or d.until < clock_timestamp()`;

/** True: the lease is this holder's for `leaseMs` from the question on. */
export async function claimDuty(db: Db, holder: string, leaseMs: number): Promise<boolean> {
  const { rowCount } = await db.query(claimSql, [holder, leaseMs]);
  return rowCount === 1;
}

export async function releaseDuty(db: Db, holder: string): Promise<void> {
  await db.query('delete from duties where holder = $1', [holder]);
}
