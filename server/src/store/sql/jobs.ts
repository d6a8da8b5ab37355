import type { Db } from './auth-keys.ts';

export interface NewJob {
  kind: string;
  /** JSON. */
  payload: unknown;
  /** While an unfinished job of the same kind and key exists, this one is not added. @default none */
  key?: string;
  /** Earliest start, in ms from now. @default 0 */
  delayMs?: number;
}

/** Takes a pool, or a client inside a transaction: the job then exists exactly if that commits. False: its key is taken. */
export async function enqueueJob(db: Db, { kind, payload, key, delayMs = 0 }: NewJob): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into jobs (kind, key, payload, run_at) values ($1, $2, $3, now() + $4 * interval '1 millisecond')
     on conflict (kind, key) where failed_at is null and key is not null do nothing`,
    [kind, key ?? null, JSON.stringify(payload), delayMs],
  );
  return rowCount === 1;
}

export interface ClaimedJob {
  id: number;
  kind: string;
  payload: unknown;
  /** 1 at the first try. */
  attempt: number;
}

/** Those that are due, oldest first, for this lease alone; a lease that ended makes a job due again. */
export async function claimJobs(db: Db, claim: { kinds: string[]; limit: number; lease: string; leaseMs: number }): Promise<ClaimedJob[]> {
  const { rows } = await db.query<{ id: number; kind: string; payload: unknown; attempts: number }>(
    `update jobs set lease = $3, attempts = attempts + 1, run_at = clock_timestamp() + $4 * interval '1 millisecond'
     where id in (
       select id from jobs where failed_at is null and run_at <= clock_timestamp() and kind = any ($1)
       order by run_at limit $2 for update skip locked)
     returning id, kind, payload, attempts`,
    [claim.kinds, claim.limit, claim.lease, claim.leaseMs],
  );
  return rows.map(({ id, kind, payload, attempts }) => ({ id: Number(id), kind, payload, attempt: attempts }));
}

/** False: the lease ended and somebody else has the job. */
export async function renewJob(db: Db, id: number, lease: string, leaseMs: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update jobs set run_at = clock_timestamp() + $3 * interval '1 millisecond' where id = $1 and lease = $2`,
    [id, lease, leaseMs],
  );
  return rowCount === 1;
}

export async function finishJob(db: Db, id: number, lease: string): Promise<void> {
  await db.query('delete from jobs where id = $1 and lease = $2', [id, lease]);
}

/** Due again after `delayMs`. `isCounted`: the attempt counts. */
export async function repeatJob(
  db: Db,
  job: { id: number; lease: string; delayMs: number; error: string | null; isCounted: boolean },
): Promise<void> {
  await db.query(
    `update jobs set lease = null, run_at = clock_timestamp() + $3 * interval '1 millisecond',
       last_error = coalesce($4, last_error), attempts = attempts - case when $5 then 0 else 1 end
     where id = $1 and lease = $2`,
    [job.id, job.lease, job.delayMs, job.error, job.isCounted],
  );
}

export async function failJob(db: Db, id: number, lease: string, error: string): Promise<void> {
  await db.query('update jobs set lease = null, failed_at = now(), last_error = $3 where id = $1 and lease = $2', [id, lease, error]);
}

export async function deleteFailedJobs(db: Db, olderThanDays: number): Promise<void> {
  await db.query(`delete from jobs where failed_at < now() - $1 * interval '1 day'`, [olderThanDays]);
}
