import type { Db } from '../store/sql/auth-keys.ts';
import {
  type FoundMessage,
  type FoundRow,
  loadFound,
  type Scope,
  searchIndex,
  type SearchQuery,
  toScope,
} from '../store/sql/search-messages.ts';
import type { Hit } from '../store/sql/search-window.ts';
import { searchNewest } from './search-newest.ts';

/** Above this many, looking at the newest of each takes longer than asking the index. */
const WALKED_CONVERSATIONS = 2_000;

async function findPlaces(db: Db, search: SearchQuery, { count, lastAt, query, keyed }: Scope): Promise<Hit[]> {
  const { userId, conversationId = null, before = null, after = null, below, limit } = search;
  const newest =
    count <= WALKED_CONVERSATIONS || query === null
      ? await searchNewest(db, { userId, conversationId, query, before, after, below, lastAt, limit })
      : undefined;
  return newest ?? searchIndex(db, search, keyed);
}

/** The first rows below the cursor, newest first; `last`: of this page, when there is another one. */
export async function searchMessages(db: Db, search: SearchQuery): Promise<{ rows: FoundMessage[]; last: FoundRow | null }> {
  const scope = await toScope(db, search);
  const hits = scope ? await findPlaces(db, { ...search, limit: search.limit + 1 }, scope) : [];
  const rows = hits.length > 0 ? await loadFound(db, search.userId, hits) : [];
  const page = rows.slice(0, search.limit);
  return {
    rows: page.filter((row): row is FoundMessage => row.message !== null),
    last: hits.length > search.limit ? (page.at(-1) ?? null) : null,
  };
}
