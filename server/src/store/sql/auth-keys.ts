import type pg from 'pg';
import type { JWK } from 'jose';

export type Db = Pick<pg.Pool, 'query'>;

export interface StoredKey {
  kid: string;
  jwk: JWK;
  ageMs: number;
  retired: boolean;
}

/** Keys that may still be needed: a retired one stays until the longest token that it signed has expired. */
export async function listKeys(db: Db, keepRetiredMs: number): Promise<StoredKey[]> {
  const { rows } = await db.query<{ kid: string; private_jwk: JWK; age_ms: number; retired: boolean }>(
    `select kid, private_jwk, (extract(epoch from now() - created_at) * 1000)::float8 as age_ms, retired_at is not null as retired
     from signing_keys where retired_at is null or retired_at > now() - $1 * interval '1 millisecond'
     order by created_at, kid`,
    [keepRetiredMs],
  );
  return rows.map((r) => ({ kid: r.kid, jwk: r.private_jwk, ageMs: r.age_ms, retired: r.retired }));
}

/** False: another pod has stored a key of this id first. */
export async function insertKey(db: Db, kid: string, jwk: JWK): Promise<boolean> {
  const { rowCount } = await db.query('insert into signing_keys (kid, private_jwk) values ($1, $2) on conflict (kid) do nothing', [
    kid,
    JSON.stringify(jwk),
  ]);
  return rowCount === 1;
}

export async function retireKeys(db: Db, kids: string[]): Promise<void> {
  await db.query('update signing_keys set retired_at = now() where kid = any ($1) and retired_at is null', [kids]);
}
