import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { createFixture, type Fixture } from './_fixture.ts';
import { arrayParsers, jsonArray, plainArray } from './arrays.ts';

let fixture: Fixture;
before(async () => void (fixture = await createFixture()));
after(() => fixture[Symbol.asyncDispose]());

const types = { 'bool[]': 1_000, 'integer[]': 1_007, 'bigint[]': 1_016, 'text[]': 1_009 };

test('reads arrays as node-postgres reads them', async () => {
  const literals: Record<keyof typeof types, string[]> = {
    'bool[]': ['{}', '{t}', '{t,f,t}', '{t,NULL}'],
    'integer[]': ['{}', '{1}', '{1,-2,3}', '{1,NULL}', '{{1,2},{3,4}}', '[2:3]={1,2}'],
    'bigint[]': ['{}', '{9007199254740993,-1}', '{NULL}'],
    'text[]': [
      '{}',
      '{a}',
      '{a,b c}',
      '{"a,b",c}',
      '{"",x}',
      '{NULL,"NULL",NULLS}',
      '{"\\"","\\\\"}',
      '{{a,b},{c,d}}',
      '{2026-11-23T05:52:40.123Z}',
    ],
  };
  for (const [type, oid] of Object.entries(types))
    for (const literal of literals[type as keyof typeof types]) {
      const theirs = pg.types.getTypeParser(oid, 'text') as (value: string) => unknown;
      assert.deepEqual(arrayParsers.get(oid)!(literal), theirs(literal), `${type} ${literal}`);
      await fixture.store.pool.query(`select $1::${type}`, [literal]);
    }
});

test('writes arrays that Postgres reads back', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((s) => !s.includes('\0'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 5 }),
      fc.array(fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))),
      async (bodies, numbers) => {
        const data = bodies.map((body) => JSON.stringify({ body }));
        const { rows } = await fixture.store.pool.query('select $1::text[] as data, $2::integer[] as numbers', [
          jsonArray(data),
          plainArray(numbers),
        ]);
        assert.deepEqual(rows[0], { data, numbers });
      },
    ),
    { numRuns: 200 },
  );
});
