import type pg from 'pg';
import { jsonArray, plainArray } from '../arrays.ts';
import { isUniqueViolation } from '../errors.ts';
import type { AppendOutcome, AppendRow, Routing } from '../types.ts';

interface AnswerRow {
  /** bigint[], which is not parsed. */
  last_seqs: string[];
  ats: string[];
  member_versions: number[];
  routings: Routing[];
  batch_id: number;
  close_behind: boolean[];
}

interface Share {
  /** Counted from 1, as Postgres does. */
  position: number;
  conversationId: string;
  expectVersion: number | null;
  count: number;
}

const sql =
  'select * from append_fresh_v2($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::uuid[], $7::text[], $8::uuid[], $9::uuid[], $10::text[])';

/** A conversation of the batch is gone or has other members; see 0091-append-fresh.ts. */
const NOT_FRESH = 'CC001';

/**
 * Stores a batch of which every row is new and rightly authorised, in one short transaction. undefined: it is not such a batch,
 * nothing was stored, and `append_entries` has to look at each row.
 */
export async function appendFresh(pool: pg.Pool, rows: AppendRow[]): Promise<AppendOutcome | undefined> {
  const shares = sharesOf(rows);
  if (shares === undefined) return undefined;
  const ranks = new Map<Share, number>();
  const placed = rows.map((row) => {
    const share = shares.get(row.conversationId)!;
    const rank = (ranks.get(share) ?? 0) + 1;
    ranks.set(share, rank);
    return { row, share, rank };
  });
  const answer = await ask(pool, [...shares.values()], placed);
  return answer && toOutcome(answer, placed);
}

type Placed = { row: AppendRow; share: Share; rank: number };

/** In the order of their ids, in which they are locked. undefined where rows of one conversation are not alike. */
function sharesOf(rows: AppendRow[]): Map<string, Share> | undefined {
  const shares = new Map<string, Share>();
  for (const { conversationId, expectVersion } of rows) {
    const share = shares.get(conversationId);
    if (share === undefined) shares.set(conversationId, { position: 0, conversationId, expectVersion, count: 1 });
    else if (share.expectVersion === expectVersion) share.count += 1;
    else return undefined;
  }
  const sorted = new Map([...shares].sort(([a], [b]) => (a < b ? -1 : 1)));
  let position = 0;
  for (const share of sorted.values()) share.position = position += 1;
  return sorted;
}

async function ask(pool: pg.Pool, shares: Share[], placed: Placed[]): Promise<AnswerRow | undefined> {
  const values = [
    plainArray(shares.map((s) => s.conversationId)),
    plainArray(shares.map((s) => s.count)),
    plainArray(shares.map((s) => s.expectVersion)),
    plainArray(placed.map((p) => p.share.position)),
    plainArray(placed.map((p) => p.rank)),
    plainArray(placed.map((p) => p.row.id)),
    plainArray(placed.map((p) => p.row.type)),
    plainArray(placed.map((p) => p.row.actorId)),
    plainArray(placed.map((p) => p.row.clientMsgId)),
    jsonArray(placed.map((p) => p.row.data)),
  ];
  try {
    return (await pool.query<AnswerRow>({ name: 'append-fresh', text: sql, values })).rows[0];
  } catch (error) {
    if (isUniqueViolation(error) || (error as { code?: string }).code === NOT_FRESH) return undefined;
    throw error;
  }
}

function toOutcome(answer: AnswerRow, placed: Placed[]): AppendOutcome {
  const { last_seqs, ats, member_versions, routings, batch_id, close_behind } = answer;
  const results = placed.map(({ share, rank }) => {
    const i = share.position - 1;
    return {
      status: 'stored' as const,
      seq: Number(last_seqs[i]!) - share.count + rank,
      at: ats[i]!,
      memberVersion: member_versions[i]!,
      routing: routings[i]!,
      closeBehind: close_behind[i]!,
    };
  });
  return { batchId: String(batch_id), results };
}
