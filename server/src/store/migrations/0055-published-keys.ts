import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Public parts of signing keys that pods were given in a file, so that those whose file is older, and those that have none,
 * verify what they sign. A table of its own: the previous release takes every row of signing_keys for a private key.
 */
export class PublishedKeys0055 implements MigrationInterface {
  name = 'PublishedKeys1763733600055';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table published_keys (
      kid text primary key,
      public_jwk jsonb not null,
      created_at timestamptz not null default now(),
      seen_at timestamptz not null default now()
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table published_keys');
  }
}
