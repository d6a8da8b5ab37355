import type { MigrationInterface, QueryRunner } from 'typeorm';

const up = `
-- Links sent by mail. The token itself is in the mail only; using one deletes its row.
create table mail_tokens (
  hash bytea primary key,
  purpose text not null check (purpose in ('sign-up', 'upgrade', 'email', 'reset')),
  -- Nobody yet for a sign-up.
  user_id uuid references users (id) on delete cascade,
  -- What the link brings about: the address, and for a new account its name and password hash.
  data jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index mail_tokens_user on mail_tokens (user_id);
create index mail_tokens_expires on mail_tokens (expires_at);

create table user_totp (
  user_id uuid primary key references users (id) on delete cascade,
  -- As the authenticator app has it: it cannot be a hash, as codes are computed from it.
  secret text not null,
  confirmed_at timestamptz,
  -- Of the last code that was used: none is good twice.
  last_step bigint not null default 0,
  created_at timestamptz not null default now()
);
create table recovery_codes (
  user_id uuid not null references users (id) on delete cascade,
  hash bytea not null,
  primary key (user_id, hash)
);

create table identities (
  provider text not null,
  subject text not null,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  primary key (provider, subject)
);
create index identities_user on identities (user_id);

create table used_challenges (
  hash bytea primary key,
  expires_at timestamptz not null
);
create index used_challenges_expires on used_challenges (expires_at)`;

export class Accounts0011 implements MigrationInterface {
  name = 'Accounts1763733600011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table used_challenges, identities, recovery_codes, user_totp, mail_tokens');
  }
}
