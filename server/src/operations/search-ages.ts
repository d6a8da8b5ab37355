import type { Db } from '../store/sql/auth-keys.ts';
import { type Age, listAges, searchHits } from '../store/sql/search-ages.ts';
import type { Hit } from '../store/sql/search-window.ts';
import { type NewestQuery, NO_ID, searchNewest } from './search-newest.ts';

/** So many are read and sorted at once: a hundredth of a second of Postgres. */
const MOST = 300;
/** Ages that are asked for together at first, and how many times more after that. */
const FIRST_AGES = 4;
const GROWTH = 4;
/** Of one age. */
const ALL = 1_000_000;

export interface AgesQuery extends NewestQuery {
  query: string;
  /** A `tsquery` of the keys of the conversations, when there are not too many. */
  keys: string | null;
  /** There are not too many conversations to look through. */
  canWalk: boolean;
}

type Place = { at: string; id: string };

const toMs = (at: string) => (at === 'infinity' ? Infinity : at === '-infinity' ? -Infinity : Date.parse(at));

/** Ages that reach into the time that is asked for, newest first. */
function reaching(ages: Age[], high: Place, after: string | null): Age[] {
  const first = ages.findIndex(({ low }) => toMs(low) <= toMs(high.at));
  const last = ages.findIndex(({ low }) => toMs(low) <= toMs(after ?? '-infinity'));
  return ages.slice(first, last + 1);
}

/** The newest of an age that has many: by looking through its messages, or by sorting all of them. */
async function searchAge(db: Db, search: AgesQuery, age: Age, where: { low: string; high: Place; limit: number }): Promise<Hit[]> {
  const { userId, conversationId, query, keys, canWalk } = search;
  const { low, high, limit } = where;
  const below = high.at === 'infinity' ? null : high;
  const walked = canWalk ? await searchNewest(db, { ...search, below, after: low, limit }) : undefined;
  return walked ?? (await searchHits(db, { userId, conversationId, query, keys, ages: [age.id], low, high, most: ALL, limit })).hits;
}

/**
 * By the index of words. The few hits of rare words are read all together. What has more was common at some time: then one time after
 * the other is asked for, from the newest on, and fewer together where they have many. Undefined: that time has no key in the index,
 * which has to hand out all.
 */
export async function searchAges(db: Db, search: AgesQuery): Promise<Hit[] | undefined> {
  const { userId, conversationId, query, keys, before, after, limit } = search;
  const what = { userId, conversationId, query, keys, most: MOST };
  const bottom = after ?? '-infinity';
  let high: Place = search.below ?? { at: before ?? 'infinity', id: NO_ID };
  const all = await searchHits(db, { ...what, low: bottom, high, limit });
  if (all.found <= MOST) return all.hits;
  const hits: Hit[] = [];
  let left = reaching(await listAges(db), high, after);
  let isNarrowing = false;
  for (let size = FIRST_AGES; left.length > 0 && hits.length < limit; ) {
    const ages = left.slice(0, size).filter(({ id }) => id > 0);
    const oldest = ages.at(-1);
    if (oldest === undefined) return undefined;
    const low = toMs(oldest.low) < toMs(bottom) ? bottom : oldest.low;
    const where = { low, high, limit: limit - hits.length };
    const found = await searchHits(db, { ...what, ...where, ages: ages.map(({ id }) => id) });
    const isMuch = found.found > MOST;
    const isDone = !isMuch || ages.length === 1;
    if (isDone) {
      hits.push(...(isMuch ? await searchAge(db, search, oldest, where) : found.hits));
      left = left.slice(ages.length);
      high = { at: low, id: NO_ID };
    }
    isNarrowing ||= isMuch;
    size = isNarrowing ? Math.ceil(ages.length / 2) : size * GROWTH;
  }
  return hits;
}
