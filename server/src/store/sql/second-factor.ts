import type { Db } from './auth-keys.ts';

/** False: it is switched on already. */
export async function savePendingTotp(db: Db, userId: string, secret: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into user_totp (user_id, secret) values ($1, $2)
     on conflict (user_id) do update set secret = excluded.secret, created_at = now() where user_totp.confirmed_at is null`,
    [userId, secret],
  );
  return rowCount === 1;
}

export async function loadTotp(db: Db, userId: string): Promise<{ secret: string; confirmed: boolean } | null> {
  const { rows } = await db.query<{ secret: string; confirmed: boolean }>(
    'select secret, confirmed_at is not null as confirmed from user_totp where user_id = $1',
    [userId],
  );
  return rows[0] ?? null;
}

export interface TurnTotpOn {
  userId: string;
  /** That the code was computed from: another set-up may have begun meanwhile. */
  secret: string;
  step: number;
  /** Of the recovery codes; those of before lose their worth. */
  hashes: Buffer[];
}

export async function turnTotpOn(db: Db, { userId, secret, step, hashes }: TurnTotpOn): Promise<boolean> {
  const { rowCount } = await db.query(
    `with t as (
       update user_totp set confirmed_at = now(), last_step = $3
       where user_id = $1 and secret = $2 and confirmed_at is null returning user_id
     ), d as (delete from recovery_codes r using t where r.user_id = t.user_id)
     insert into recovery_codes (user_id, hash) select t.user_id, h from t, unnest($4::bytea[]) h`,
    [userId, secret, step, hashes],
  );
  return (rowCount ?? 0) > 0;
}

/** False: this code, or a later one, was used before. */
export async function takeStep(db: Db, userId: string, step: number): Promise<boolean> {
  const { rowCount } = await db.query(
    'update user_totp set last_step = $2 where user_id = $1 and confirmed_at is not null and last_step < $2',
    [userId, step],
  );
  return rowCount === 1;
}

export async function takeRecoveryCode(db: Db, userId: string, hash: Buffer): Promise<boolean> {
  const { rowCount } = await db.query('delete from recovery_codes where user_id = $1 and hash = $2', [userId, hash]);
  return rowCount === 1;
}

/** False: there was none. */
export async function removeTotp(db: Db, userId: string): Promise<boolean> {
  const { rows } = await db.query<{ on: boolean }>(
    `with r as (delete from recovery_codes where user_id = $1)
     delete from user_totp where user_id = $1 returning confirmed_at is not null as on`,
    [userId],
  );
  return rows[0]?.on ?? false;
}

export interface SignInMethods {
  password: boolean;
  totp: boolean;
  recoveryCodesLeft: number;
  /** Names of the providers that are linked. */
  providers: string[];
}

export async function loadSignInMethods(db: Db, userId: string): Promise<SignInMethods> {
  const { rows } = await db.query<{ password: boolean; totp: boolean; codes: number; providers: string[] }>(
    `select u.password_hash is not null as password,
       exists (select from user_totp t where t.user_id = u.id and t.confirmed_at is not null) as totp,
       (select count(*)::int from recovery_codes r where r.user_id = u.id) as codes,
       array(select distinct i.provider from identities i where i.user_id = u.id order by 1) as providers
     from users u where u.id = $1`,
    [userId],
  );
  const row = rows[0];
  return {
    password: row?.password ?? false,
    totp: row?.totp ?? false,
    recoveryCodesLeft: row?.codes ?? 0,
    providers: row?.providers ?? [],
  };
}
