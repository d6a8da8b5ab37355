import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createFixture, type Fixture, makeGroup, makeUsers, prepareEmptyEntries, rowsRead } from '../store/_fixture.ts';
import { fill, findAll, lastAt, NOW } from './_search.ts';
import { searchMessages } from './search-messages.ts';
import { type NewestQuery, searchNewest } from './search-newest.ts';

describe('searching from the newest message on', () => {
  let fixture: Fixture;
  let users: string[];
  before(async () => {
    fixture = await createFixture(1);
    users = await makeUsers(fixture.store, 2);
  });
  after(() => fixture?.[Symbol.asyncDispose]());

  const newest = (over: Partial<NewestQuery> = {}): NewestQuery => ({
    ...{ userId: users[0]!, conversationId: null, query: "'common'", before: null, after: null, below: null, lastAt, limit: 21 },
    ...over,
  });

  it('finds what looking at all messages finds, whatever the times, or gives up', async () => {
    const times = fc.record({
      count: fc.integer({ min: 0, max: 400 }),
      one: fc.constantFrom(1, 2, 7, 90, 1_000),
      gapMs: fc.constantFrom(0, 1, 500, 60_000, 86_400_000),
      ageMs: fc.constantFrom(0, 1_000, 7_200_000, 40 * 86_400_000),
    });
    const moment = fc.option(fc.constantFrom(500, 60_000, 3_600_000, 30 * 86_400_000), { freq: 3 });
    const iso = (agoMs: number | null) => (agoMs === null ? null : new Date(NOW - agoMs).toISOString());
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 4 }), moment, moment, async (conversations, end, start) => {
        await fixture.store.pool.query('truncate message_search');
        const [userId] = await makeUsers(fixture.store, 1);
        for (const each of conversations) await fill(fixture, { ...each, conversationId: await makeGroup(fixture.store, [userId!]) });
        const size = conversations.reduce((sum, { count }) => sum + count, 0);
        let search = newest({ userId: userId!, before: iso(end), after: iso(start), limit: 9 });
        for (let pages = 0; pages < 3; pages += 1) {
          const found = await searchNewest(fixture.store.pool, search);
          const expected = await findAll(fixture, search);
          if (found === undefined) assert.ok(size >= 1_000, `it gave up on ${size} messages`);
          else
            assert.deepEqual(
              found,
              expected.map(({ conversationId, seq }) => ({ conversationId, seq })),
            );
          const last = expected.at(-1);
          if (last === undefined) break;
          search = { ...search, below: { at: last.at, id: last.id } };
        }
      }),
      { numRuns: 60 },
    );
  });

  it('reads few messages for a word that half of them have, though its plan was made while there was nothing', async () => {
    await using empty = await createFixture(1);
    const { store } = empty;
    const [userId] = await makeUsers(store, 1);
    await prepareEmptyEntries(store);
    const groups = await Promise.all(Array.from({ length: 20 }, () => makeGroup(store, [userId!])));
    for (let i = 0; i < 8; i += 1) assert.deepEqual(await searchNewest(store.pool, newest({ userId })), []);
    for (const conversationId of groups) await fill(empty, { conversationId, count: 1_000, one: 2, gapMs: 20_000, ageMs: 0 });
    const readBefore = await rowsRead(store, '^message_search_');
    assert.equal((await searchNewest(store.pool, newest({ userId })))?.length, 21);
    const read = (await rowsRead(store, '^message_search_')) - readBefore;
    assert.ok(read < 500, `${read} rows were read`);
  });

  it('leaves rare words to the index, before it has read much', async () => {
    const [userId] = await makeUsers(fixture.store, 1);
    const conversationId = await makeGroup(fixture.store, [userId!]);
    await fill(fixture, { conversationId, count: 15_000, one: 20_000, gapMs: 1_000, ageMs: 0 });
    const readBefore = await rowsRead(fixture.store, '^message_search_');
    assert.equal(await searchNewest(fixture.store.pool, newest({ userId })), undefined);
    const read = (await rowsRead(fixture.store, '^message_search_')) - readBefore;
    assert.ok(read < 3_000, `${read} rows were read`);
  });

  it('does not take those of a crowded window for the newest', async () => {
    const [userId] = await makeUsers(fixture.store, 1);
    const conversationId = await makeGroup(fixture.store, [userId!]);
    await fill(fixture, { conversationId, count: 15_000, one: 2, gapMs: 0, ageMs: 0 });
    assert.equal(await searchNewest(fixture.store.pool, newest({ userId })), undefined);
    const { rows } = await searchMessages(fixture.store.pool, {
      userId: userId!,
      query: "'common'",
      below: null,
      limit: 21,
      hasFile: false,
    });
    assert.deepEqual(rows, [], 'there are no entries to these rows of the index');
  });
});
