import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '@chatcluster/protocol';
import fc from 'fast-check';
import { applyRule, skipTo, type Inbox } from './apply.ts';
import { backoffMs } from './backoff.ts';
import { foldEntries, foldNotes } from './fold.ts';
import { addPage, beginPage, emptyLog, skipRange, takeEntries } from './log.ts';
import { planSync } from './plan-sync.ts';

const context = { conversationId: 'c', me: 'me' };

/** A whole history: contiguous entries whose changes point at earlier messages. */
const history = fc
  .array(
    fc.record({
      kind: fc.constantFrom('message', 'edit', 'delete', 'reaction', 'pin', 'preview', 'member'),
      target: fc.nat(),
      on: fc.boolean(),
      actor: fc.constantFrom('me', 'u1', 'u2'),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    const ids: string[] = [];
    const reacted = new Set<string>();
    return steps.map(({ kind, target, on, actor }, index): Entry => {
      const base = { seq: index + 1, id: `e${index + 1}`, at: new Date(index).toISOString(), actorId: actor };
      const messageId = ids[target % Math.max(1, ids.length)];
      if (messageId === undefined || kind === 'message') {
        ids.push(base.id);
        return { ...base, type: 'message', data: { body: `b${index}`, ...(messageId && on ? { replyTo: messageId } : {}) } };
      }
      if (kind === 'edit') return { ...base, type: 'edit', data: { messageId, body: `edited ${index}` } };
      if (kind === 'delete') return { ...base, type: 'delete', data: { messageId } };
      if (kind === 'pin') return { ...base, type: 'pin', data: { messageId, on } };
      if (kind === 'preview')
        return { ...base, type: 'preview', data: { messageId, previews: on ? [{ url: `http://x/${index}`, siteName: 'x' }] : [] } };
      if (kind === 'member') return { ...base, type: 'member', data: { userId: 'u3', action: 'joined' } };
      const key = `${messageId} ${actor}`; // As the server: a reaction entry always changes something.
      const now = !reacted.has(key);
      if (now) reacted.add(key);
      else reacted.delete(key);
      return { ...base, type: 'reaction', data: { messageId, emoji: '👍', on: now } };
    });
  });

test('entries that arrive in any order, in any batches and more than once are applied once each and in order', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.array(fc.array(fc.integer({ min: -3, max: 40 }))), (start, batches) => {
      let inbox: Inbox<{ seq: number }> = { cursor: start, held: [] };
      const applied: number[] = [];
      const seen = new Set<number>();
      for (const batch of batches) {
        for (const offset of batch) seen.add(start + offset);
        const result = applyRule(
          inbox,
          batch.map((offset) => ({ seq: start + offset })),
        );
        applied.push(...result.ready.map((e) => e.seq));
        inbox = { cursor: result.cursor, held: result.held };
        assert.ok(inbox.held.every((e) => e.seq > inbox.cursor + 1));
      }
      const expected: number[] = [];
      for (let seq = start + 1; seen.has(seq); seq += 1) expected.push(seq);
      assert.deepEqual(applied, expected);
      assert.equal(inbox.cursor, start + expected.length);
    }),
  );
});

test('skipping a range never moves the cursor back and applies what was held behind it', () => {
  assert.deepEqual(skipTo({ cursor: 5, held: [] }, 3), { cursor: 5, held: [], ready: [] });
  assert.deepEqual(skipTo({ cursor: 5, held: [{ seq: 8 }, { seq: 10 }, { seq: 11 }] }, 9), {
    cursor: 11,
    held: [],
    ready: [{ seq: 10 }, { seq: 11 }],
  });
});

test('a log is the same whatever order and however often its entries arrive', () => {
  fc.assert(
    fc.property(
      history.chain((entries) =>
        fc.tuple(fc.constant(entries), fc.shuffledSubarray([...entries, ...entries], { minLength: entries.length * 2 })),
      ),
      ([entries, shuffled]) => {
        const opened = { ...emptyLog(0), loaded: true };
        const log = shuffled.reduce((at, entry) => takeEntries(context, at, [entry]).log, opened);
        assert.deepEqual(log.messages, foldEntries(context, [], entries));
        assert.deepEqual(log.notes, foldNotes([], entries));
        assert.deepEqual(takeEntries(context, log, entries).log.messages, log.messages);
      },
    ),
  );
});

test('a page of history and the entries since it was asked for give what all entries give', () => {
  fc.assert(
    fc.property(history, fc.nat(), fc.nat(), (entries, a, b) => {
      const asked = a % (entries.length + 1);
      const asOf = asked + (b % (entries.length - asked + 1));
      const opening = beginPage(emptyLog(asked));
      const waiting = takeEntries(context, opening, entries.slice(asked)).log;
      const known = entries.slice(0, asOf);
      const page = {
        messages: [...foldEntries(context, [], known)],
        notes: [...foldNotes([], known)],
        hasBefore: false,
        hasAfter: false,
        asOf,
      };
      const log = addPage(context, waiting, page);
      assert.deepEqual(log.messages, foldEntries(context, [], entries));
      assert.deepEqual(log.notes, foldNotes([], entries));
    }),
  );
});

test('a page that was on its way while the log was cut is void', () => {
  const cut = skipRange(context, beginPage({ ...emptyLog(3), loaded: true }), 50).log;
  const message = { id: 'old', seq: 1, conversationId: 'c', actorId: 'u', at: '', body: '', attachments: [], mentions: [], reactions: [] };
  assert.deepEqual(addPage(context, cut, { messages: [message], hasBefore: false, hasAfter: true }).messages, []);
});

test('sync asks only for conversations that are behind, latest first, and never for more than fit', () => {
  const behind = fc.record({
    conversationId: fc.uuid(),
    cursor: fc.nat(50),
    lastSeq: fc.option(fc.nat(50), { nil: undefined }),
    activity: fc.integer({ min: 0, max: 9 }).map(String),
  });
  fc.assert(
    fc.property(fc.uniqueArray(behind, { selector: (b) => b.conversationId }), fc.integer({ min: 1, max: 5 }), (held, max) => {
      const plan = planSync(held, max);
      const wanting = held.filter((h) => h.lastSeq === undefined || h.lastSeq > h.cursor);
      assert.equal(Object.keys(plan).length, Math.min(max, wanting.length));
      const [chosen, left] = [wanting.filter((h) => h.conversationId in plan), wanting.filter((h) => !(h.conversationId in plan))];
      for (const h of chosen) {
        assert.equal(plan[h.conversationId], h.cursor);
        assert.ok(left.every((l) => l.activity <= h.activity));
      }
    }),
  );
});

test('a reconnect waits between half a second and thirty, and never less than the server asks for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      fc.nat(60_000),
      (attempt, random, hint) => {
        const free = backoffMs(attempt, () => random);
        assert.ok(free >= 500 && free <= 30_000);
        if (hint > 0) assert.ok(backoffMs(attempt, () => random, hint) >= hint);
      },
    ),
  );
});
