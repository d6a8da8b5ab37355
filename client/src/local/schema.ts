import { inTransaction, type Sql } from './sql.ts';

/**
 * Only ever added to. A copy made by a later release (the app was rolled back) is thrown away: it is only a copy.
 *
 * `logs` says how the stretch of `messages` of a conversation is to be read: complete from the oldest row up to `cursor`, all
 * entries up to there folded in. `version` changes with every write, so that two tabs never mix what they hold.
 */
const migrations: readonly string[] = [
  `create table meta (key text primary key, value text not null) strict;
   create table conversations (id text primary key, last_seq integer not null, body text not null) strict;
   create table logs (conversation_id text primary key, cursor integer not null, has_before integer not null,
     version text not null, used_at integer not null) strict;
   create table messages (conversation_id text not null, seq integer not null, body text not null,
     primary key (conversation_id, seq)) strict, without rowid;
   create table users (id text primary key, body text not null) strict;
   create table outbox (client_msg_id text primary key, body text not null) strict;`,
  // How far was read here, until the server knows.
  `create table reads (conversation_id text primary key, seq integer not null) strict;`,
  // A stretch of before has no notes, and none would ever come: it is read again.
  `alter table logs add column notes text not null default '[]'; delete from messages; delete from logs;`,
];

/** The copy was written by a release that knows more than this one. */
export class NewerSchemaError extends Error {
  override name = 'NewerSchemaError';
}

/** Brings the tables up to date; each step is one transaction with its number. */
export function migrateLocal(sql: Sql, steps: readonly string[] = migrations): void {
  const version = Number(sql.all('pragma user_version')[0]?.['user_version'] ?? 0);
  if (version > steps.length) throw new NewerSchemaError(`the local copy has version ${version}, known is ${steps.length}`);
  for (const [index, step] of [...steps.entries()].slice(version)) {
    inTransaction(sql, () => {
      sql.exec(step);
      sql.exec(`pragma user_version = ${index + 1}`);
    });
  }
}
