import type { ChatClient } from '@chatcluster/client/types';
import type { SearchHit, SearchPage } from '@chatcluster/protocol';

export interface SearchInput {
  q: string;
  conversationId?: string;
  from?: string;
  /** Days as `<input type="date">` gives them, both inclusive. */
  afterDay?: string;
  beforeDay?: string;
  hasFile: boolean;
}

/** Whether there is anything to ask for. */
export function canSearch({ q, from, hasFile }: SearchInput): boolean {
  return q.trim() !== '' || from !== undefined || hasFile;
}

export function createSearching(client: ChatClient) {
  return {
    find({ q, conversationId, from, afterDay, beforeDay, hasFile }: SearchInput, cursor?: string): Promise<SearchPage> {
      return client.rest.search({
        q,
        ...(conversationId ? { conversationId } : {}),
        ...(from ? { from } : {}),
        ...(afterDay ? { after: startOfDay(afterDay, 0) } : {}),
        ...(beforeDay ? { before: startOfDay(beforeDay, 1) } : {}),
        ...(hasFile ? { has: 'file' as const } : {}),
        ...(cursor ? { cursor } : {}),
      });
    },
    /** Whose messages one may look for: the people of the conversations that are known here. */
    people(): string[] {
      const ids = client.conversations().flatMap(({ members }) => (members ?? []).map(({ userId }) => userId));
      return [...new Set(ids)].slice(0, 200);
    },
  };
}

/** Midnight of this device's day, so that a day is what its user means by it. */
function startOfDay(day: string, plusDays: number): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + plusDays);
  return date.toISOString();
}

export interface Piece {
  text: string;
  isHit: boolean;
}

/** The snippet cut where a match begins and ends. */
export function cutPieces({ text, ranges }: SearchHit['snippet']): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) pieces.push({ text: text.slice(at, from), isHit: false });
    pieces.push({ text: text.slice(from, to), isHit: true });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isHit: false });
  return pieces;
}
