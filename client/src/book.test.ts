import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Conversation, ConversationMe, Entry } from '@chatcluster/protocol';
import { Book } from './book.ts';
import { conversation, ME, message, note } from './client-world.ts';

/** One conversation that is not open, `lastSeq` 5, two unread. */
function createWorld() {
  const asked: string[] = [];
  const world = { pending: 0, blocked: new Set<string>(), asked };
  const book = new Book({
    me: () => ME,
    blocked: () => world.blocked,
    pendingRead: () => world.pending,
    changed() {},
    applied() {},
    missing: (kind) => asked.push(kind),
  });
  const me = (more: Partial<ConversationMe> = {}): ConversationMe => ({
    ...conversation(5).me,
    readSeq: 3,
    unread: 2,
    version: 4,
    asOf: 5,
    ...more,
  });
  const picture = (own: Partial<ConversationMe>, more: Partial<Conversation> = {}) => conversation(5, { me: me(own), ...more });
  book.learn(picture({}));
  const now = () => book.get('c')!.conversation;
  return Object.assign(world, { book, me, picture, now, receive: (...entries: Entry[]) => book.receive('c', entries) });
}

test('a page from before entries that are here brings its counts all the same, with those entries counted', () => {
  const { book, picture, now, receive, blocked, asked } = createWorld();
  blocked.add('bob');
  receive(message(6, 'cem'), message(7, 'bob'));
  book.learn(picture({ unread: 0, version: 5 }));
  assert.deepEqual([now().lastSeq, now().me.unread, now().me.asOf], [7, 1, 7]);
  assert.deepEqual(asked, []);
});

test('a picture of the own state from before what is known changes nothing', () => {
  const { book, me, picture, now } = createWorld();
  book.learnMe('c', me({ version: 6, level: 'none', readSeq: 5, unread: 0 }));
  book.learnMe('c', me({ version: 5, readSeq: 4, unread: 1 }));
  book.learn(picture({ version: 4 }));
  assert.deepEqual([now().me.level, now().me.readSeq, now().me.unread], ['none', 5, 0]);
});

test('an own state that overtook the entries that it counts is not counted up by them', () => {
  const { book, me, now, receive } = createWorld();
  book.learnMe('c', me({ version: 5, unread: 4, asOf: 7 }));
  receive(message(6), message(7), message(8));
  assert.equal(now().me.unread, 5);
});

test('counts that end before a hole are asked for', () => {
  const { book, picture, now, asked } = createWorld();
  book.learnMe('c', { ...now().me, version: 9 });
  book.learn({ ...picture({ version: 8, asOf: 105, unread: 60 }), lastSeq: 105 });
  assert.equal(now().lastSeq, 105);
  assert.deepEqual(asked, ['counter']);
});

test('what was read here counts at once, and no longer once the server has said otherwise', () => {
  const world = createWorld();
  const { book, me, now } = world;
  world.pending = 5;
  book.readMoved('c');
  assert.deepEqual([now().me.readSeq, now().me.unread], [5, 0]);
  // Another device set it back after the receipt; the answer to the receipt is the last to come.
  book.learnMe('c', me({ version: 6, readSeq: 1, unread: 4 }));
  book.learnMe('c', me({ version: 5, readSeq: 5, unread: 0 }));
  world.pending = 0;
  book.readMoved('c');
  assert.deepEqual([now().me.readSeq, now().me.unread], [1, 4]);
});

test('a page from before a receipt does not take it back', () => {
  const { book, picture, now } = createWorld();
  book.receipt('c', 'bob', 5, 4);
  book.learn(picture({}));
  const bob = now().members?.find((m) => m.userId === 'bob');
  assert.deepEqual([bob?.deliveredSeq, bob?.readSeq], [5, 4]);
});

test('messages that were removed by age go here too, also out of a stored log', () => {
  const { book, picture, now } = createWorld();
  const stored = [3, 4, 5].map((seq) => ({
    ...picture({}).lastMessage,
    ...message(seq),
    body: '',
    attachments: [],
    mentions: [],
    reactions: [],
  }));
  book.learn(picture({ unread: 1 }, { trimmedSeq: 4 }));
  book.restoreLog('c', { cursor: 5, hasBefore: true, messages: stored as never, notes: [note(4), note(5)] });
  const { log } = book.get('c')!;
  assert.deepEqual([log.messages.map((m) => m.seq), log.notes.map((n) => n.seq), log.hasBefore], [[5], [5], false]);
  assert.equal(now().me.unread, 1);
  book.learn(picture({}, { trimmedSeq: 5 }));
  assert.deepEqual(book.get('c')!.log.messages, []);
});
