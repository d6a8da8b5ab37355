import type { HistoryPage } from '@chatcluster/protocol';
import { HISTORY_PAGE } from '@chatcluster/protocol/limits';
import type { Acknowledged, AckRecord } from './oracle/acks.ts';
import { markOf, MarkTable } from './oracle/marks.ts';
import type { Population } from './population.ts';
import { rest, type RestRequest } from './rest.ts';

const AT_ONCE = 8;

interface ReadOptions extends Pick<RestRequest, 'urls' | 'first' | 'token'> {
  conversationId: string;
  from: number;
}

/** What the server has stored of one conversation since the run began, read page by page as a member. */
async function readStored({ conversationId, from, ...options }: ReadOptions): Promise<MarkTable> {
  const table = new MarkTable(from);
  for (let after = from, hasAfter = true; hasAfter; ) {
    const path = `/v1/conversations/${conversationId}/messages?after=${after}&limit=${HISTORY_PAGE}`;
    const page = await rest<Omit<HistoryPage, 'messages'> & { items: HistoryPage['messages'] }>({ ...options, path, method: 'GET' });
    for (const { seq, id } of page.items) table.put(seq, markOf(id));
    after = page.items.at(-1)?.seq ?? after;
    hasAfter = page.hasAfter && page.items.length > 0;
  }
  return table;
}

/** Reads afresh all conversations in which something was acknowledged. */
export async function audit(urls: string[], { accounts, talks }: Population, active: readonly number[]): Promise<Map<number, MarkTable>> {
  const stored = new Map<number, MarkTable>();
  const left = [...active];
  const work = async () => {
    for (let first = left.pop(); first !== undefined; first = left.pop()) {
      const { id: conversationId, from, members } = talks[first]!;
      const { token } = accounts[members[0]!]!;
      stored.set(first, await readStored({ urls, first, token, conversationId, from }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return stored;
}

/** Queued messages that have become stored ones, with the numbers that they got. */
export function findQueued(queued: readonly AckRecord[], stored: ReadonlyMap<number, MarkTable>): Acknowledged[] {
  return queued.flatMap(({ conversation, mark }) => {
    const found = [...(stored.get(conversation)?.entries() ?? [])].find(([, known]) => known === mark);
    return found ? [{ conversation, seq: found[0], mark }] : [];
  });
}
