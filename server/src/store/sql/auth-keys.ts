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

export interface PublishedKey {
  kid: string;
  jwk: JWK;
  ageMs: number;
}

/** Public parts of keys that some pod had in its file within the last `seenMs`. */
export async function listPublishedKeys(db: Db, seenMs: number): Promise<PublishedKey[]> {
  const { rows } = await db.query<{ kid: string; public_jwk: JWK; age_ms: number }>(
    `select kid, public_jwk, (extract(epoch from now() - created_at) * 1000)::float8 as age_ms
     from published_keys where seen_at > now() - $1 * interval '1 millisecond' order by created_at, kid`,
    [seenMs],
  );
  return rows.map((r) => ({ kid: r.kid, jwk: r.public_jwk, ageMs: r.age_ms }));
}

/** Repeated by every pod for the keys of its file. Returns the ids that belong to other keys, which are left as they are. */
export async function publishKeys(db: Db, keys: { kid: string; jwk: JWK }[]): Promise<string[]> {
  const clashes: string[] = [];
  for (const { kid, jwk } of keys) {
    // The id of a key that Postgres keeps is taken, too.
    const { rowCount } = await db.query(
      `insert into published_keys as p (kid, public_jwk)
       select $1, $2::jsonb where not exists (select 1 from signing_keys where kid = $1)
       on conflict (kid) do update set seen_at = now() where p.public_jwk ->> 'x' = excluded.public_jwk ->> 'x'`,
      [kid, JSON.stringify(jwk)],
    );
    if (rowCount === 0) clashes.push(kid);
  }
  return clashes;
}

/** Forgets keys that were taken out of the file: those that no pod has said to have for `unseenMs`. */
export async function withdrawKeys(db: Db, keep: string[], unseenMs: number): Promise<void> {
  await db.query("delete from published_keys where kid <> all ($1) and seen_at < now() - $2 * interval '1 millisecond'", [keep, unseenMs]);
}
