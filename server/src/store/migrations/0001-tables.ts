/** Tables and indexes of the first release. Times of entries are cut to milliseconds: that is what the wire shows. */
export const tables = `
create table installation (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null default 1,
  -- Of the Postgres cluster that the transaction ids in this database belong to.
  system_identifier text not null,
  created_at timestamptz not null default now()
);

create table signing_keys (
  kid text primary key,
  private_jwk jsonb not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);

create table users (
  id uuid primary key,
  email text,
  email_verified_at timestamptz,
  password_hash text,
  display_name text not null,
  avatar_url text,
  status_text text,
  guest boolean not null default false,
  admin boolean not null default false,
  presence text not null default 'online' check (presence in ('online', 'away', 'dnd', 'invisible')),
  last_seen_at timestamptz,
  created_at timestamptz not null default now(),
  deleted_at timestamptz
) with (fillfactor = 80);
create unique index users_email on users (lower(email));
-- Prefix of the whole name; words inside it through the array index.
create index users_name on users (lower(display_name) text_pattern_ops) where deleted_at is null;
create index users_name_words on users using gin (string_to_array(lower(display_name), ' ')) where deleted_at is null;

create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  device_id text,
  user_agent text,
  address text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  generation integer not null default 0,
  rotated_at timestamptz[] not null default '{}'
) with (fillfactor = 80);
create index sessions_user on sessions (user_id);
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;
create index sessions_expires on sessions (expires_at);

create table tickets (
  hash bytea primary key,
  session_id uuid not null references sessions (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index tickets_expires on tickets (expires_at);
create index tickets_session on tickets (session_id);
create index tickets_user on tickets (user_id);

create table login_failures (
  key text not null,
  at timestamptz not null default now()
);
create index login_failures_key on login_failures (key, at);
create index login_failures_at on login_failures (at);

-- last_seq, last_at and changed_xid move with every append: they must stay out of every index, so that the update is HOT.
create table conversations (
  id uuid primary key,
  kind text not null check (kind in ('direct', 'group', 'channel')),
  title text,
  topic text,
  history text not null check (history in ('all', 'joined')),
  matched boolean not null default false,
  archived boolean not null default false,
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  last_seq bigint not null default 0,
  last_at timestamptz(3) not null default now(),
  member_version integer not null default 1,
  member_count integer not null default 0,
  routing text not null default 'user' check (routing in ('user', 'conversation')),
  direct_key text unique,
  client_id uuid,
  deleted_at timestamptz,
  changed_xid bigint not null default pg_current_xact_id()::text::bigint,
  unique (created_by, client_id)
) with (fillfactor = 60);
create index conversations_channels on conversations (lower(title), id) where kind = 'channel' and deleted_at is null;

create table members (
  conversation_id uuid not null references conversations (id) on delete cascade,
  user_id uuid not null,
  role text not null check (role in ('owner', 'admin', 'member', 'readonly')),
  joined_at timestamptz(3) not null default now(),
  first_seq bigint not null default 1,
  read_seq bigint not null default 0,
  -- The read position as the others see it: "mark as unread" moves only read_seq back.
  receipt_seq bigint not null default 0,
  delivered_seq bigint not null default 0,
  level text not null default 'all' check (level in ('all', 'mentions', 'none')),
  favourite boolean not null default false,
  left_at timestamptz(3),
  left_reason text check (left_reason in ('left', 'removed')),
  last_readable_seq bigint,
  changed_xid bigint not null default pg_current_xact_id()::text::bigint,
  primary key (conversation_id, user_id)
) with (fillfactor = 70);
create index members_user on members (user_id);

create table entries (
  conversation_id uuid not null,
  seq bigint not null,
  id uuid not null,
  type text not null,
  actor_id uuid not null,
  client_msg_id uuid,
  at timestamptz(3) not null,
  -- A deleted message: its data is scrubbed, and unread counts pass over it without a join.
  hidden boolean not null default false,
  data jsonb not null,
  primary key (conversation_id, seq),
  unique (conversation_id, id)
) partition by hash (conversation_id);
do $do$
begin
  for i in 0..15 loop
    execute format('create table entries_%s partition of entries for values with (modulus 16, remainder %s)', to_char(i, 'FM00'), i);
  end loop;
end
$do$;

-- Sparse: only messages that were edited, deleted, pinned or answered have a row.
create table message_state (
  conversation_id uuid not null,
  message_id uuid not null,
  body text,
  edited_at timestamptz(3),
  -- Entries that carry an earlier or later body, scrubbed when the message is deleted.
  edit_seqs bigint[] not null default '{}',
  deleted_at timestamptz(3),
  pinned_at timestamptz(3),
  reply_count integer not null default 0,
  primary key (conversation_id, message_id)
) with (fillfactor = 80);

create table reactions (
  conversation_id uuid not null,
  message_id uuid not null,
  emoji text not null,
  user_id uuid not null,
  created_at timestamptz(3) not null default now(),
  primary key (conversation_id, message_id, emoji, user_id)
);

-- The outbox: one row per commit that wrote entries. The three arrays are parallel.
create table batches (
  id bigint generated always as identity primary key,
  xid bigint not null default pg_current_xact_id()::text::bigint,
  created_at timestamptz not null default clock_timestamp(),
  claimed_at timestamptz,
  published_at timestamptz,
  conversation_ids uuid[] not null,
  from_seqs bigint[] not null,
  to_seqs bigint[] not null
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
create index batches_xid on batches (xid);
create index batches_unpublished on batches (xid) where published_at is null;
create index batches_published on batches (published_at) where published_at is not null;

insert into installation (system_identifier) select system_identifier::text from pg_control_system();
`;
