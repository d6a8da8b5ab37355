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
import { searchAges } from './search-ages.ts';
import { searchNewest } from './search-newest.ts';

/** Above this many, looking at the newest of each takes longer than asking the index. */
const WALKED_CONVERSATIONS = 2_000;

async function findPlaces(db: Db, search: SearchQuery, scope: Scope): Promise<Hit[]> {
  const { count, lastAt, query, keys } = scope;
  const { userId, conversationId = null, before = null, after = null, below, limit } = search;
  const where = { userId, conversationId, before, after, below, lastAt, limit };
  const canWalk = count <= WALKED_CONVERSATIONS;
  const newest = canWalk || query === null ? await searchNewest(db, { ...where, query }) : undefined;
  if (newest !== undefined) return newest;
  const found = query === null ? undefined : await searchAges(db, { ...where, query, keys, canWalk });
  return found ?? searchIndex(db, search, scope);
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
