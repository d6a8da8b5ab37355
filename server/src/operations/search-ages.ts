import type { Db } from '../store/sql/auth-keys.ts';
import { type Age, listAges, searchHits } from '../store/sql/search-ages.ts';
import type { Hit } from '../store/sql/search-window.ts';
import { type NewestQuery, NO_ID, searchNewest } from './search-newest.ts';

/** So many are read and sorted at once: a hundredth of a second of Postgres. */
const MOST = 300;
/** Ages that are asked for together at first, and how many times more after that. */
const FIRST_AGES = 16;
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
  return first === -1 ? [] : ages.slice(first, last === -1 ? undefined : last + 1);
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
 * By the index of words, one time after the other, from the newest on. The few hits of rare words are read all together; where there
 * are many, fewer times are asked for at once. Undefined: those of a time without keys are wanted, and the index has to hand out all.
 */
export async function searchAges(db: Db, search: AgesQuery): Promise<Hit[] | undefined> {
  const { userId, conversationId, query, keys, before, after, limit } = search;
  const what = { userId, conversationId, query, keys, most: MOST };
  const bottom = after ?? '-infinity';
  let high: Place = search.below ?? { at: before ?? 'infinity', id: NO_ID };
  let left = reaching(await listAges(db), high, after);
  const hits: Hit[] = [];
  const isDone = () => hits.length >= limit || left.length === 0;

  /** The next of these ages that have keys. False: they have too many hits, nothing was taken. */
  async function take(ages: Age[]): Promise<boolean> {
    const oldest = ages.at(-1)!;
    const where = { low: toMs(oldest.low) < toMs(bottom) ? bottom : oldest.low, high, limit: limit - hits.length };
    const some = await searchHits(db, { ...what, ...where, ages: ages.map(({ id }) => id) });
    if (some.found > MOST && ages.length > 1) return false;
    hits.push(...(some.found > MOST ? await searchAge(db, search, oldest, where) : some.hits));
    left = left.slice(ages.length);
    high = { at: where.low, id: NO_ID };
    return true;
  }

  for (let size = FIRST_AGES, isRestMuch = false, isNarrowing = false; !isDone(); ) {
    const ages = left.slice(0, size).filter(({ id }) => id > 0);
    if (ages.length > 0 && !(await take(ages))) isNarrowing = true;
    if (!isNarrowing && !isRestMuch && !isDone()) {
      const rest = await searchHits(db, { ...what, low: bottom, high, limit: limit - hits.length });
      if (rest.found <= MOST) return [...hits, ...rest.hits];
      isRestMuch = true;
    }
    if (ages.length === 0) return undefined;
    // As a search by halves: those that have many are among these.
    size = isNarrowing ? Math.max(1, Math.floor(ages.length / 2)) : Math.min(size * GROWTH, Math.ceil(left.length / 2));
  }
  return hits;
}
