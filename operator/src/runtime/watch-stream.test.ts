import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isGone } from './errors.ts';
import { linesOf, parseWatchEvent } from './watch-stream.ts';

async function* cutAt(bytes: Buffer, cuts: number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

test('lines are whole wherever the network cuts them, in the middle of a character too', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.json({ stringUnit: 'grapheme' }), { maxLength: 10 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      async (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => `${value}\n`).join(''));
        assert.deepEqual(await collect(linesOf(cutAt(bytes, cuts))), values);
      },
    ),
  );
});

test('what follows the last line end is no event', async () => {
  assert.deepEqual(await collect(linesOf(cutAt(Buffer.from('{"a":1}\n\n{"b":'), []))), ['{"a":1}']);
});

test('an ERROR event is thrown as the error that it carries', () => {
  const line = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } });
  assert.throws(() => parseWatchEvent(line), isGone);
});

test('an event of an unknown form is refused', () => {
  for (const line of ['{}', '{"type":"NEW","object":{"metadata":{}}}', '{"type":"ADDED"}', '{"type":"ADDED","object":{}}'])
    assert.throws(() => parseWatchEvent(line), TypeError);
});
