import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEvent } from './encode.ts';
import { createRecent, type RecentOptions } from './recent.ts';

/** Each range is one packet; the answer is what is remembered. */
function remember(ranges: [number, number][], options: RecentOptions = {}): number[] | undefined {
  const recent = createRecent(options);
  for (const [fromSeq, toSeq] of ranges) {
    const entries = Array.from({ length: toSeq - fromSeq + 1 }, (_, i) => ({ seq: fromSeq + i }) as never);
    const { text } = encodeEvent('entries', { conversationId: 'c', entries });
    recent.add({ conversationId: 'c', fromSeq, toSeq, memberVersion: 1, text });
  }
  return recent.read('c')?.entries.map(({ seq }) => seq);
}

const cases: Record<string, { ranges: [number, number][]; options?: RecentOptions; kept: number[] | undefined }> = {
  'what follows is added': {
    ranges: [
      [1, 2],
      [3, 3],
    ],
    kept: [1, 2, 3],
  },
  'what came the wrong way round is put in order': {
    ranges: [
      [2, 2],
      [1, 1],
      [3, 3],
    ],
    kept: [1, 2, 3],
  },
  'what came already is dropped': {
    ranges: [
      [1, 2],
      [2, 2],
      [3, 3],
    ],
    kept: [1, 2, 3],
  },
  'a gap begins anew': {
    ranges: [
      [1, 2],
      [5, 6],
    ],
    kept: [5, 6],
  },
  'only the last are kept': {
    ranges: [
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ],
    options: { maxEntries: 2 },
    kept: [3, 4],
  },
  'one that alone is too large is not kept': { ranges: [[1, 1]], options: { maxChars: 5 }, kept: undefined },
};

for (const [name, { ranges, options, kept }] of Object.entries(cases)) {
  test(`recent entries: ${name}`, () => assert.deepEqual(remember(ranges, options), kept));
}

test('recent entries of the conversation that was quiet longest go first', () => {
  const { text } = encodeEvent('entries', { conversationId: 'c', entries: [] });
  const recent = createRecent({ maxChars: 2 * text.length });
  const add = (conversationId: string, fromSeq: number) => recent.add({ conversationId, fromSeq, toSeq: fromSeq, memberVersion: 1, text });
  add('a', 1);
  add('b', 1);
  add('a', 2);
  assert.equal(recent.read('b'), undefined);
  assert.deepEqual(recent.read('a'), { entries: [], memberVersion: 1 });
});
