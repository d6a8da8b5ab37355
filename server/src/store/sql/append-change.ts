import { ChatError } from '@chatcluster/protocol';
import type pg from 'pg';
import { isDataError } from '../errors.ts';
import type { ChangeResult, ChangeRow } from '../types.ts';

const sql = 'select append_change($1, $2, $3, $4, $5, $6, $7) as change';

/** An edit, deletion, reaction or pin: the entry and its effect on the folded message, in one round trip. */
export async function appendChange(pool: pg.Pool, row: ChangeRow): Promise<ChangeResult> {
  const values = [row.conversationId, row.id, row.type, row.actorId, row.clientMsgId, JSON.stringify(row.data), row.expectVersion];
  try {
    const { rows } = await pool.query<{ change: ChangeResult }>({ name: 'append-change', text: sql, values });
    return rows[0]!.change;
  } catch (error) {
    throw isDataError(error) ? new ChatError('invalid', { cause: error }) : error;
  }
}
