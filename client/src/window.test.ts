import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Conversation, Entry, EventInput, HistoryPage } from '@chatcluster/protocol';
import { Book } from './book.ts';
import { note } from './client-world.ts';
import { foldEntries, foldNotes, type LogMessage } from './fold.ts';
import { History } from './history.ts';

const context = { conversationId: 'c', me: 'me' };
const base = (seq: number) => ({ seq, id: `m${seq}`, at: new Date(seq).toISOString(), actorId: 'bob' });
const message = (seq: number): Entry => ({ ...base(seq), type: 'message', data: { body: `body ${seq}` } });
const edit = (seq: number, target: number): Entry => ({
  ...base(seq),
  type: 'edit',
  data: { messageId: `m${target}`, body: `edited by ${seq}` },
});

/** A conversation of `count` entries, messages unless said otherwise, on a server that answers when it is told to. */
function createWorld(count: number, entryOf: (seq: number) => Entry = message) {
  const entries = Array.from({ length: count }, (_, i) => entryOf(i + 1));
  const waiting: (() => void)[] = [];
  const state = { isHeld: false };
  const conversation: Conversation = {
    id: 'c',
    kind: 'group',
    createdAt: '',
    lastSeq: count,
    history: 'all',
    memberCount: 2,
    me: { role: 'member', firstSeq: 1, readSeq: 0, deliveredSeq: 0, unread: 0, mentions: 0, level: 'all' },
  };
  const book = new Book({ me: () => 'me', changed() {}, pendingRead: () => 0, applied() {}, missing() {} });
  book.learn(conversation);
  const between = (low = 0, high = Number.POSITIVE_INFINITY) => foldNotes([], entries).filter(({ seq }) => seq >= low && seq <= high);
  const answer = ({ before, after, around, limit = 50 }: EventInput<'history'>): HistoryPage => {
    const all = foldEntries(context, [], entries);
    let from = Math.max(0, all.length - limit);
    if (before !== undefined) from = Math.max(0, all.filter((m) => m.seq < before).length - limit);
    if (after !== undefined) from = all.filter((m) => m.seq <= after).length;
    if (around !== undefined) from = Math.max(0, all.filter((m) => m.seq < around).length - limit / 2);
    const to = before === undefined ? from + limit : all.filter((m) => m.seq < before).length;
    const page = { messages: all.slice(from, to), hasBefore: from > 0, hasAfter: to < all.length, asOf: entries.length };
    const [low, high] = [page.hasBefore ? page.messages[0]?.seq : 1, page.hasAfter ? page.messages.at(-1)?.seq : undefined];
    const notes = between(after === undefined ? low : after + 1, before === undefined ? high : before - 1);
    return { ...page, notes };
  };
  const call = async (payload: EventInput<'history'>) => {
    const page = answer(payload);
    if (state.isHeld) await new Promise<void>((go) => waiting.push(go));
    return page;
  };
  const add = (entry: (seq: number) => Entry) => {
    const next = entry(entries.length + 1);
    entries.push(next);
    book.receive('c', [next]);
  };
  const shown = (): readonly LogMessage[] => {
    const page = book.get('c');
    return (page?.window ?? page?.log)?.messages ?? [];
  };
  /** What is shown is a part of the server's list, without holes, as it is now. */
  const check = () => {
    const all = foldEntries(context, [], entries);
    const from = all.findIndex((m) => m.id === shown()[0]?.id);
    assert.deepEqual(shown(), all.slice(Math.max(0, from), Math.max(0, from) + shown().length));
    if (book.get('c')?.window === undefined && shown().length > 0) assert.equal(shown().at(-1)?.id, all.at(-1)?.id);
    const page = book.get('c')!;
    const { hasBefore, notes } = page.window ?? page.log;
    assert.deepEqual(notes, between(hasBefore ? shown()[0]?.seq : 0, page.window && shown().at(-1)?.seq));
  };
  const release = () => waiting.splice(0).forEach((go) => go());
  return { book, history: new History({ book, call }), add, shown, check, release, state };
}

const has = (messages: readonly LogMessage[], seq: number) => messages.some((m) => m.seq === seq);

test('a jump far back shows the place, and scrolling down from there reaches the newest message without a hole', async () => {
  const world = createWorld(400);
  await world.history.newest('c');
  await world.history.around('c', 120);
  assert.ok(has(world.shown(), 120) && has(world.shown(), 119) && has(world.shown(), 121));
  assert.equal(has(world.shown(), 400), false);
  for (let i = 0; i < 20 && world.book.get('c')?.window; i += 1) {
    await world.history.newer('c');
    world.check();
  }
  assert.ok(has(world.shown(), 120) && has(world.shown(), 400), 'the message one was taken to is still there');
});

test('a second jump replaces the window, and one into the newest stretch leaves it', async () => {
  const world = createWorld(600);
  await world.history.newest('c');
  await world.history.around('c', 100);
  await world.history.around('c', 300);
  assert.ok(has(world.shown(), 300) && !has(world.shown(), 100));
  await world.history.around('c', 590);
  assert.ok(has(world.shown(), 600) && !has(world.shown(), 300));
  world.check();
});

test('what happens while a window is shown or loaded is in it', async () => {
  const world = createWorld(400);
  await world.history.newest('c');
  world.state.isHeld = true;
  const jump = world.history.around('c', 120);
  world.add((seq) => edit(seq, 121));
  world.add(message);
  world.release();
  await jump;
  world.add((seq) => edit(seq, 119));
  world.check();
  assert.equal(world.shown().find((m) => m.seq === 121)?.body, 'edited by 401');
  assert.equal(world.shown().find((m) => m.seq === 119)?.body, 'edited by 403');
});

test('an older page of a window that was left in the meantime makes no hole', async () => {
  const world = createWorld(600);
  await world.history.newest('c');
  await world.history.around('c', 300);
  world.state.isHeld = true;
  const older = world.history.older('c');
  world.history.leaveWindow('c');
  world.release();
  await older;
  world.check();
  assert.equal(world.shown()[0]?.seq, 551);
});

test('any order of jumps, pages and entries shows a part of the conversation without holes', async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    let state = seed;
    const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
    const world = createWorld(300 + random(200), (seq) => (seq % 10 < 3 ? note(seq) : message(seq)));
    await world.history.newest('c');
    const moves = [
      () => world.history.around('c', 1 + random(300)),
      () => world.history.older('c'),
      () => world.history.newer('c'),
      async () => world.history.leaveWindow('c'),
      async () => world.add(message),
      async () => world.add((seq) => edit(seq, 1 + random(300))),
      async () => world.add(note),
    ];
    for (let i = 0; i < 60; i += 1) {
      const running = [moves[random(7)]?.(), moves[random(7)]?.()];
      await Promise.all(running);
      world.check();
    }
  }
});
