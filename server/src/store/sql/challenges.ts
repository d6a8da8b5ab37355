import type { Db } from './auth-keys.ts';

/** False: it was used before. */
export async function takeChallenge(db: Db, hash: Buffer, lifetimeSeconds: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into used_challenges (hash, expires_at) values ($1, now() + $2 * interval '1 second') on conflict do nothing`,
    [hash, 2 * lifetimeSeconds],
  );
  return rowCount === 1;
}
