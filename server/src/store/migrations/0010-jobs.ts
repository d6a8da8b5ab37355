import type { MigrationInterface, QueryRunner } from 'typeorm';

const table = `
create table jobs (
  id bigint generated always as identity primary key,
  kind text not null,
  -- At most one unfinished job of a kind may carry the same key.
  key text,
  payload jsonb not null,
  -- When it may be taken; while it is being worked on, when its lease ends.
  run_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- Of whoever works on it: only they may finish it.
  lease uuid,
  created_at timestamptz not null default now(),
  -- Given up: kept for people to look at.
  failed_at timestamptz,
  last_error text
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
create index jobs_due on jobs (run_at) where failed_at is null;
create unique index jobs_key on jobs (kind, key) where failed_at is null and key is not null;
create index jobs_failed on jobs (failed_at) where failed_at is not null`;

export class Jobs0010 implements MigrationInterface {
  name = 'Jobs1763733600010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table jobs');
  }
}
