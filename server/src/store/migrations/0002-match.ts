import type { MigrationInterface, QueryRunner } from 'typeorm';

const table = `
create unlogged table match_waiting (
  user_id uuid primary key references users (id) on delete cascade,
  -- Renewed by the pod that holds the person's socket; a dead pod's people stop waiting by themselves.
  seen_at timestamptz not null
)`;

/**
 * One at a time: two who ask at the same moment must find each other. The pairing and the conversation are one
 * transaction, so nobody is taken out of the queue without being given a partner.
 */
const join = `
create function match_join(p_user uuid, p jsonb) returns jsonb language plpgsql as $fn$
declare
  v_partner uuid;
begin
  perform pg_advisory_xact_lock(7251604119);
  select w.user_id into v_partner from match_waiting w
  where w.user_id <> p_user and w.seen_at > clock_timestamp() - interval '15 s'
  order by random() limit 1;
  if v_partner is null then
    insert into match_waiting values (p_user, clock_timestamp()) on conflict (user_id) do update set seen_at = excluded.seen_at;
    return null;
  end if;
  delete from match_waiting where user_id in (p_user, v_partner);
  return create_conversation(p || jsonb_build_object('memberIds', jsonb_build_array(p_user, v_partner)));
end
$fn$`;

export class Match0002 implements MigrationInterface {
  name = 'Match1763733600002';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [table, join]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function match_join(uuid, jsonb)');
    await runner.query('drop table match_waiting');
  }
}
