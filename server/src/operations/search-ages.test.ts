import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createFixture, type Fixture, makeGroup, makeUsers, rowsRead } from '../store/_fixture.ts';
import { fill, findAll, lastAt, NOW } from './_search.ts';
import { type AgesQuery, searchAges } from './search-ages.ts';

const iso = (agoMs: number | null) => (agoMs === null ? null : new Date(NOW - agoMs).toISOString());
const DAY = 86_400_000;

describe('searching one time after the other', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await createFixture(1);
  });
  after(() => fixture?.[Symbol.asyncDispose]());

  /** The first has all times before the others; `firstId` 0: its messages have no key. */
  async function setAges(beginnings: number[], firstId: 0 | 1): Promise<void> {
    const lows = [firstId === 0 ? '-infinity' : 'epoch', ...beginnings.toSorted((a, b) => b - a).map((ago) => iso(ago)!)];
    await fixture.store.pool.query('truncate search_ages');
    await fixture.store.pool.query(
      'insert into search_ages (id, low_at) select ord - 1 + $2, low from unnest($1::timestamptz[]) with ordinality l (low, ord)',
      [lows, firstId],
    );
  }

  const query = (over: Partial<AgesQuery> & { userId: string }): AgesQuery => ({
    ...{ conversationId: null, query: "'common'", keys: null, canWalk: true },
    ...{ before: null, after: null, below: null, lastAt, limit: 9 },
    ...over,
  });

  it('finds what looking at all messages finds, whatever the times; without keys it may give up', async () => {
    const conversation = fc.record({
      count: fc.integer({ min: 0, max: 900 }),
      one: fc.constantFrom(1, 2, 7, 90),
      gapMs: fc.constantFrom(0, 1, 500, 60_000, DAY),
      ageMs: fc.constantFrom(0, 1_000, 7_200_000, 40 * DAY),
    });
    const moments = fc.uniqueArray(fc.constantFrom(1, 500, 60_000, 3_600_000, 7_200_000, DAY, 30 * DAY, 41 * DAY, 400 * DAY));
    const moment = fc.option(fc.constantFrom(500, 60_000, 3_600_000, 30 * DAY), { freq: 3 });
    const world = fc.record({
      conversations: fc.array(conversation, { maxLength: 3 }),
      beginnings: moments,
      end: moment,
      start: moment,
      firstId: fc.constantFrom(0 as const, 1 as const),
      canWalk: fc.boolean(),
    });
    let foundByAges = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ conversations, beginnings, end, start, firstId, canWalk }) => {
        await fixture.store.pool.query('truncate message_search');
        await setAges(beginnings, firstId);
        const [userId] = await makeUsers(fixture.store, 1);
        for (const each of conversations) await fill(fixture, { ...each, conversationId: await makeGroup(fixture.store, [userId!]) });
        let search = query({ userId: userId!, before: iso(end), after: iso(start), canWalk });
        for (let pages = 0; pages < 3; pages += 1) {
          const found = await searchAges(fixture.store.pool, search);
          const expected = await findAll(fixture, search);
          if (found === undefined) assert.equal(firstId, 0, 'it gave up though there are keys');
          else
            assert.deepEqual(
              found,
              expected.map(({ conversationId, seq }) => ({ conversationId, seq })),
            );
          if (found && beginnings.length > 2 && found.length > 0) foundByAges += 1;
          const last = expected.at(-1);
          if (last === undefined) break;
          search = { ...search, below: { at: last.at, id: last.id } };
        }
      }),
      { numRuns: 80 },
    );
    assert.ok(foundByAges > 10, `only ${foundByAges} pages were of several ages`);
  });

  it('reads few messages for a word that was common until long ago', async () => {
    const [userId] = await makeUsers(fixture.store, 1);
    const conversationId = await makeGroup(fixture.store, [userId!]);
    await fixture.store.pool.query('truncate message_search');
    await setAges(
      Array.from({ length: 40 }, (_, i) => i * 500_000),
      1,
    );
    // The first half of them has the word in every second one.
    await fill(fixture, { conversationId, count: 20_000, one: 2, gapMs: 1_000, ageMs: 0 });
    await fixture.store.pool.query(
      `update message_search set words = ts_delete(words, 'common') || to_tsvector('simple', 'other') where seq > 10000`,
    );
    await fixture.store.pool.query('vacuum analyze message_search');
    const readBefore = await rowsRead(fixture.store, '^message_search_');
    const search = query({ userId: userId!, limit: 21 });
    const found = await searchAges(fixture.store.pool, search);
    const read = (await rowsRead(fixture.store, '^message_search_')) - readBefore;
    assert.deepEqual(
      found,
      (await findAll(fixture, search)).map(({ conversationId: id, seq }) => ({ conversationId: id, seq })),
    );
    assert.ok(read < 4_000, `${read} rows were read`);
  });
});
