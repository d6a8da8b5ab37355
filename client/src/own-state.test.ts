import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '@chatcluster/protocol';
import type { FoldContext } from './fold.ts';
import { foldOwn, newerPicture, type OwnPicture } from './own-state.ts';

const context: FoldContext = { conversationId: 'c', me: 'ada' };
const deletion = { seq: 3, type: 'delete', id: 'd', at: '', actorId: 'bob', data: { messageId: 'm' } } as Entry;
const picture = (more: Partial<OwnPicture>): OwnPicture => ({
  role: 'member',
  firstSeq: 1,
  readSeq: 0,
  deliveredSeq: 0,
  unread: 0,
  mentions: 0,
  level: 'all',
  version: 1,
  asOf: 2,
  ...more,
});

const cases: [what: string, unread: number, mentions: number, isUnread: boolean | undefined, left: number, stale: boolean][] = [
  ['an unread message', 2, 0, true, 1, false],
  ['an unread message that may have been a mention', 2, 1, true, 1, true],
  ['a message that was read', 2, 1, false, 2, false],
  ['a message that is not here, while some are unread', 2, 0, undefined, 2, true],
  ['a message that is not here, while all are read', 0, 0, undefined, 0, false],
];

for (const [what, unread, mentions, isUnread, left, stale] of cases) {
  test(`deleting ${what} leaves ${left} unread${stale ? ', and is asked about' : ''}`, () => {
    const result = foldOwn(context, picture({ unread, mentions }), [deletion], () => isUnread);
    assert.deepEqual([result.me.unread, result.stale], [left, stale]);
  });
}

const message = (seq: number) => ({ seq, type: 'message', id: `m${seq}`, at: '', actorId: 'bob', data: { body: '' } }) as Entry;

test('entries that a picture knows are not counted again, and none behind a hole', () => {
  const fold = (...seqs: number[]) => foldOwn(context, picture({ unread: 2 }), seqs.map(message), () => false).me;
  assert.deepEqual([fold(1, 2, 3).unread, fold(1, 2, 3).asOf], [3, 3]);
  assert.deepEqual([fold(4, 5).unread, fold(4, 5).asOf], [2, 2]);
});

test('the picture of the higher version wins whenever it comes, and of one version the one that knows more entries', () => {
  const read = picture({ version: 2, readSeq: 5, asOf: 5 });
  const muted = picture({ version: 3, level: 'none', readSeq: 5, asOf: 5 });
  assert.equal(newerPicture(read, muted).level, 'none');
  assert.equal(newerPicture(muted, read).level, 'none');
  assert.equal(newerPicture(picture({ unread: 1, asOf: 3 }), picture({ unread: 0, asOf: 2 })).unread, 1);
  assert.equal(newerPicture(picture({ unread: 1, asOf: 3 }), picture({ unread: 0, asOf: 3 })).unread, 0);
});
