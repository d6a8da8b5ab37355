import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
create table files (
  -- Random: who knows one id knows no other.
  id uuid primary key,
  owner_id uuid not null references users (id) on delete cascade,
  client_id uuid,
  purpose text not null default 'attachment' check (purpose in ('attachment', 'avatar')),
  name text not null,
  -- As declared; of the content once that was looked at.
  type text not null,
  bytes bigint not null,
  -- Of what is uploaded, which is not what is kept of an image.
  sha256 bytea not null,
  parts integer not null default 0,
  -- pending: waits for its content. processing: an image that a worker has yet to clean. failed: an image that is none.
  -- deleted: its objects are being removed.
  state text not null default 'pending' check (state in ('pending', 'processing', 'ready', 'failed', 'deleted')),
  width integer,
  height integer,
  -- A tiny picture as a data URL, shown until the real one has come.
  preview text,
  has_thumbnail boolean not null default false,
  created_at timestamptz(3) not null default now(),
  attached_at timestamptz(3),
  unique (owner_id, client_id)
);
create index files_created on files (created_at) where state <> 'deleted' and purpose = 'attachment';

-- Which messages show a file. A row may be there before its message, and stay when that could not be stored: whoever
-- decides by it looks at the entry, too.
create table file_uses (
  file_id uuid not null references files (id) on delete cascade,
  conversation_id uuid not null,
  message_id uuid not null,
  primary key (file_id, conversation_id, message_id)
)`;

/** One at a time per person, so that the quota holds. null: over the quota; an existing row when the client id is known. */
const create = `
create function create_file(p jsonb) returns files language plpgsql as $fn$
declare
  v_file files;
  v_owner uuid := (p ->> 'ownerId')::uuid;
begin
  perform 1 from users where id = v_owner and deleted_at is null for no key update;
  if not found then return null; end if;
  select * into v_file from files f where f.owner_id = v_owner and f.client_id = (p ->> 'clientId')::uuid;
  if found then return v_file; end if;
  if (select coalesce(sum(f.bytes), 0) from files f where f.owner_id = v_owner and f.state not in ('failed', 'deleted'))
    + (p ->> 'bytes')::bigint > (p ->> 'quotaBytes')::bigint then return null; end if;
  insert into files (id, owner_id, client_id, purpose, name, type, bytes, sha256, parts)
  values ((p ->> 'id')::uuid, v_owner, (p ->> 'clientId')::uuid, p ->> 'purpose', p ->> 'name', p ->> 'type', (p ->> 'bytes')::bigint,
    decode(p ->> 'sha256', 'hex'), (p ->> 'parts')::integer)
  returning * into v_file;
  return v_file;
end
$fn$`;

export class Files0020 implements MigrationInterface {
  name = 'Files1763733600020';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [tables, create]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function create_file(jsonb)');
    await runner.query('drop table file_uses, files');
  }
}
