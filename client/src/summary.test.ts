import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Conversation, Entry } from '@chatcluster/protocol';
import type { FoldContext } from './fold.ts';
import { foldSummary } from './summary.ts';

const context: FoldContext = { conversationId: 'c', me: 'ada' };
const deletion = { seq: 3, type: 'delete', id: 'd', at: '', actorId: 'bob', data: { messageId: 'm' } } as Entry;
const withCounts = (unread: number, mentions: number) =>
  ({ id: 'c', lastSeq: 2, me: { readSeq: 0, unread, mentions } }) as unknown as Conversation;

const cases: [what: string, unread: number, mentions: number, isUnread: boolean | undefined, left: number, stale: boolean][] = [
  ['an unread message', 2, 0, true, 1, false],
  ['an unread message that may have been a mention', 2, 1, true, 1, true],
  ['a message that was read', 2, 1, false, 2, false],
  ['a message that is not here, while some are unread', 2, 0, undefined, 2, true],
  ['a message that is not here, while all are read', 0, 0, undefined, 0, false],
];

for (const [what, unread, mentions, isUnread, left, stale] of cases) {
  test(`deleting ${what} leaves ${left} unread${stale ? ', and is asked about' : ''}`, () => {
    const result = foldSummary(context, withCounts(unread, mentions), [deletion], () => isUnread);
    assert.deepEqual([result.conversation.me.unread, result.stale], [left, stale]);
  });
}
