import type pg from 'pg';
import { uuidV7 } from '../../ids.ts';
import type { CreatedConversation } from '../types.ts';

/** The new conversation with a random waiting person; null: this person waits now. */
export async function joinMatch(pool: pg.Pool, userId: string): Promise<CreatedConversation | null> {
  const conversation = { id: uuidV7(), kind: 'group', history: 'joined', matched: true, creatorId: userId, entryId: uuidV7() };
  const { rows } = await pool.query<{ result: CreatedConversation | null }>('select match_join($1, $2) as result', [
    userId,
    JSON.stringify(conversation),
  ]);
  return rows[0]!.result;
}

export async function leaveMatch(pool: pg.Pool, userId: string): Promise<void> {
  await pool.query('delete from match_waiting where user_id = $1', [userId]);
}

/** Says that these people still wait; answers those who do (the others found a partner). */
export async function renewMatch(pool: pg.Pool, userIds: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'update match_waiting set seen_at = clock_timestamp() where user_id = any($1::uuid[]) returning user_id as id',
    [userIds],
  );
  return rows.map((row) => row.id);
}
