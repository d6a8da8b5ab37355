import { ChatError } from '@chatcluster/protocol/errors';
import { BLOCKS_MAX } from '@chatcluster/protocol/limits';
import type { Db } from './auth-keys.ts';

/** The direct conversation of two people, whose access has just changed. */
export interface DirectMoved {
  conversationId: string;
  memberVersion: number;
}

export interface BlockChanged {
  /** False: it was so already. */
  changed: boolean;
  direct: DirectMoved | undefined;
}

interface Row {
  changed: boolean;
  id: string | null;
  version: number | null;
}

/** With the member version moves the access that every pod has cached, and what is under way there becomes stale. */
const moveDirect = `
  moved as (
    update conversations c set member_version = c.member_version + 1, changed_xid = pg_current_xact_id()::text::bigint
    where c.direct_key = $3 and c.deleted_at is null and exists (select 1 from written)
    returning c.id, c.member_version
  )
  select exists (select 1 from written) as changed, m.id, m.member_version as version from (values (1)) one (x) left join moved m on true`;

const addSql = `
  with written as (
    insert into blocks (user_id, blocked_id)
    select $1, u.id from users u
    where u.id = $2 and u.deleted_at is null and (select count(*) from blocks b where b.user_id = $1) < ${BLOCKS_MAX}
    on conflict do nothing returning 1
  ), ${moveDirect}`;

const removeSql = `
  with written as (delete from blocks where user_id = $1 and blocked_id = $2 returning 1), ${moveDirect}`;

/** Blocks or unblocks a person. Throws `conflict` when the list is full. */
export async function setBlock(db: Db, userId: string, otherId: string, on: boolean): Promise<BlockChanged> {
  const directKey = [userId, otherId].sort().join(':');
  const { rows } = await db.query<Row>(on ? addSql : removeSql, [userId, otherId, directKey]);
  const { changed, id, version } = rows[0]!;
  if (on && !changed && !(await listBlocked(db, userId)).includes(otherId)) {
    throw new ChatError('conflict', { message: `You can block at most ${BLOCKS_MAX} people.` });
  }
  return { changed, direct: id === null ? undefined : { conversationId: id, memberVersion: version! } };
}

/** Whom this person has blocked. */
export async function listBlocked(db: Db, userId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select blocked_id as id from blocks where user_id = $1 order by created_at, blocked_id',
    [userId],
  );
  return rows.map((row) => row.id);
}

/** Of these people, those who have blocked the user. */
export async function listBlockers(db: Db, userId: string, otherIds: string[]): Promise<string[]> {
  if (otherIds.length === 0) return [];
  const { rows } = await db.query<{ id: string }>('select user_id as id from blocks where blocked_id = $1 and user_id = any ($2::uuid[])', [
    userId,
    otherIds,
  ]);
  return rows.map((row) => row.id);
}

/** Unread counts of shared conversations have changed for the blocker: `changes` must list them on every device. */
export async function touchShared(db: Db, userId: string, otherId: string): Promise<void> {
  await db.query(
    `update members m set changed_xid = pg_current_xact_id()::text::bigint
     where m.user_id = $1 and m.left_at is null
       and exists (select 1 from members o where o.conversation_id = m.conversation_id and o.user_id = $2)`,
    [userId, otherId],
  );
}
