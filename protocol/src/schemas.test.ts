import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ZodError, type ZodType } from 'zod';
import { restSchemas } from './rest-schemas.ts';
import { connectSchema, eventSchemas } from './socket-schemas.ts';

const all: Array<[string, ZodType]> = [...Object.entries(eventSchemas), ...Object.entries(restSchemas), ['CONNECT', connectSchema]];
const fields = [
  'conversationId',
  'messageId',
  'clientMsgId',
  'body',
  'cursors',
  'email',
  'since',
  'limit',
  '__proto__',
  'constructor',
  'toString',
];
const nearly = fc.dictionary(fc.constantFrom(...fields), fc.oneof(fc.jsonValue(), fc.uuid(), fc.nat()));

for (const [name, schema] of all) {
  test(`${name} answers any JSON with a value or a ZodError, never with another failure`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), nearly), (input) => {
        try {
          schema.parse(input);
        } catch (error) {
          assert.ok(error instanceof ZodError, String(error));
        }
      }),
      { numRuns: 200 },
    );
  });

  test(`${name} lets no key reach a prototype`, () => {
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"cursors":{"__proto__":1}}',
    ) as unknown;
    const result = schema.safeParse(hostile);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    if (result.success) assert.equal((result.data as Record<string, unknown>)['polluted'], undefined);
  });
}

test('a valid send keeps only the fields of the contract', () => {
  const id = crypto.randomUUID();
  const sent = eventSchemas['message:send'].parse({ conversationId: id.toUpperCase(), clientMsgId: id, body: 'hi', surprise: 1 });
  assert.deepEqual(sent, { conversationId: id, clientMsgId: id, body: 'hi' });
});

test('text that Postgres cannot store is refused with its path', () => {
  const id = crypto.randomUUID();
  for (const body of ['a\u0000b', '\ud800']) {
    const result = eventSchemas['message:send'].safeParse({ conversationId: id, clientMsgId: id, body });
    assert.deepEqual(
      result.error?.issues.map((i) => i.path),
      [['body']],
    );
  }
});
