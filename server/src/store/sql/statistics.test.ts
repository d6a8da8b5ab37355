import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { createFixture, makeGroup, makeUsers, sendMany } from '../_fixture.ts';
import { analyzeGrown } from './statistics.ts';

it('counts a table anew once it has grown manifold, and then lets it be', async () => {
  await using fixture = await createFixture();
  const { store } = fixture;
  const users = await makeUsers(store, 2);
  const group = await makeGroup(store, users);
  const rowsOf = async (name: string) =>
    (await store.pool.query<{ reltuples: number }>('select reltuples from pg_class where oid = $1::regclass', [name])).rows[0]!.reltuples;
  for (let i = 0; i < 5; i += 1) await sendMany(store, group, users[0]!, 100);
  // What sessions did is told to the statistics within a second or so.
  const counted: string[] = [];
  await eventually(
    async () => {
      counted.push(...(await analyzeGrown(store.pool)));
      return counted.some((name) => name.startsWith('public.entries_'));
    },
    { deadlineMs: 30_000 },
  );
  const partition = counted.find((name) => name.startsWith('public.entries_'))!;
  assert.ok((await rowsOf(partition)) >= 100);
  assert.ok(!(await analyzeGrown(store.pool)).includes(partition));
});
