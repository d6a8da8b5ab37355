import type { HistoryPage } from '@chatcluster/protocol';
import { HISTORY_PAGE } from '@chatcluster/protocol/limits';
import type { Acknowledged, AckRecord } from './oracle/acks.ts';
import { markOf, MarkTable } from './oracle/marks.ts';
import type { Population } from './population.ts';
import { LoadError, rest } from './rest.ts';

const AT_ONCE = 8;

export interface AuditOptions {
  urls: readonly string[];
  population: Population;
  /** Numbers of conversations. */
  active: readonly number[];
  /** Puts newer tokens into the accounts: reading may outlive those that it began with. */
  renewTokens(): Promise<void>;
}

type Page = Omit<HistoryPage, 'messages'> & { items: HistoryPage['messages'] };

async function readPage(first: number, path: string, { urls, population, renewTokens }: AuditOptions): Promise<Page> {
  const reader = population.accounts[population.talks[first]!.members[0]!]!;
  const ask = () => rest<Page>({ urls, first, path, method: 'GET', token: reader.token });
  return ask().catch(async (error: unknown) => {
    if (!(error instanceof LoadError) || error.status !== 401) throw error;
    await renewTokens();
    return ask();
  });
}

/** What the server has stored of one conversation since the run began, read page by page as a member. */
async function readStored(first: number, options: AuditOptions): Promise<MarkTable> {
  const { id: conversationId, from } = options.population.talks[first]!;
  const table = new MarkTable(from);
  for (let after = from, hasAfter = true; hasAfter; ) {
    const path = `/v1/conversations/${conversationId}/messages?after=${after}&limit=${HISTORY_PAGE}`;
    const page = await readPage(first, path, options);
    for (const { seq, id } of page.items) table.put(seq, markOf(id));
    after = page.items.at(-1)?.seq ?? after;
    hasAfter = page.hasAfter && page.items.length > 0;
  }
  return table;
}

/** Reads afresh all conversations in which something was acknowledged. */
export async function audit(options: AuditOptions): Promise<Map<number, MarkTable>> {
  const stored = new Map<number, MarkTable>();
  const left = [...options.active];
  const work = async () => {
    for (let first = left.pop(); first !== undefined; first = left.pop()) stored.set(first, await readStored(first, options));
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
