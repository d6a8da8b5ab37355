import type { ChatMessage } from '@chatcluster/client/types';
import type { Note } from '@chatcluster/protocol';
import { describe, expect, test } from 'vitest';
import { announceLines } from './notes.ts';
import { countNewer, planRows, type Row } from './rows.ts';

function message(seq: number, actorId: string, at: string, extra: Partial<ChatMessage> = {}): ChatMessage {
  return {
    id: `m${seq}`,
    seq,
    conversationId: 'c',
    actorId,
    at,
    body: `text ${seq}`,
    attachments: [],
    mentions: [],
    reactions: [],
    ...extra,
  };
}

const shape = (rows: Row[]) =>
  rows.map((row) => {
    if (row.kind === 'message') return `${row.message.body}${row.first ? '*' : ''}`;
    return row.kind === 'note' ? [row.line.what, row.line.value, ...row.line.userIds].filter(Boolean).join(' ') : row.kind;
  });
const base = { notes: [], pending: [], meId: 'me', hasBefore: true };

function note(seq: number, data: Note['data'], actorId = 'a', at = '2026-03-01T10:00:00.000Z'): Note {
  const base = { seq, id: `n${seq}`, at, actorId };
  return 'userId' in data ? { ...base, type: 'member', data } : { ...base, type: 'conversation', data };
}

describe('what happened between messages', () => {
  const at = '2026-03-01T10:00:00.000Z';

  test('stands where it happened, and what follows has a head', () => {
    const messages = [message(2, 'a', at), message(4, 'a', at)];
    const notes = [note(1, { title: 'One', topic: '' }), note(3, { archived: true }), note(5, { archived: false })];
    const rows = planRows({ ...base, messages, notes, hasBefore: false });
    expect(shape(rows)).toEqual(['start', 'day', 'titled One', 'undescribed', 'text 2*', 'archived', 'text 4*', 'unarchived']);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  test('is one line for several people in a row, by one actor where one acts on others', () => {
    const added = (seq: number, userId: string, actorId = 'a') => note(seq, { userId, action: 'added', role: 'member' }, actorId);
    const left = (seq: number, userId: string) => note(seq, { userId, action: 'left' }, userId);
    const role = (seq: number, given: 'admin' | 'owner') => note(seq, { userId: 'x', action: 'role', role: given });
    const notes = [added(1, 'x'), added(2, 'y'), added(3, 'z', 'b'), left(5, 'x'), left(6, 'y'), role(7, 'admin'), role(8, 'owner')];
    const plan = (more: object) => shape(planRows({ ...base, messages: [], notes, ...more }));
    expect(plan({})).toEqual(['added x y', 'added z', 'left x y', 'role admin x', 'role owner x']);
    expect(plan({ messages: [message(4, 'a', at)] })).toEqual([
      'added x y',
      'added z',
      'text 4*',
      'left x y',
      'role admin x',
      'role owner x',
    ]);
  });

  test('has its day, and is no reason for the New line', () => {
    const messages = [message(1, 'a', at), message(4, 'b', '2026-03-02T10:00:00.000Z')];
    const left = (seq: number, userId: string, day: string) => note(seq, { userId, action: 'left' }, userId, `${day}T10:00:00.000Z`);
    const notes = [left(2, 'x', '2026-03-01'), left(3, 'y', '2026-03-02'), left(5, 'z', '2026-03-02')];
    expect(shape(planRows({ ...base, messages, notes, newAfterSeq: 1 }))).toEqual([
      'text 1*',
      'left x',
      'day',
      'left y',
      'new',
      'text 4*',
      'left z',
    ]);
  });

  test('is read out together when it happened together', () => {
    const added = (seq: number, userId: string, time = at) => note(seq, { userId, action: 'added' }, 'a', time);
    const first = announceLines([], added(1, 'x'));
    expect(announceLines(first, added(2, 'y')).map(({ userIds }) => userIds)).toEqual([['x', 'y']]);
    expect(announceLines(first, added(2, 'y', '2026-03-01T11:00:00.000Z')).map(({ userIds }) => userIds)).toEqual([['y']]);
  });
});

describe('rows of a conversation', () => {
  test('messages of one sender within five minutes share a head', () => {
    const messages = [
      message(1, 'a', '2026-03-01T10:00:00.000Z'),
      message(2, 'a', '2026-03-01T10:04:59.000Z'),
      message(3, 'a', '2026-03-01T10:10:00.000Z'),
      message(4, 'b', '2026-03-01T10:10:01.000Z'),
    ];
    expect(shape(planRows({ ...base, messages }))).toEqual(['text 1*', 'text 2', 'text 3*', 'text 4*']);
  });

  test('a new day gets a separator and a head', () => {
    const messages = [message(1, 'a', '2026-03-01T10:00:00.000Z'), message(2, 'a', '2026-03-03T10:00:00.000Z')];
    expect(shape(planRows({ ...base, messages }))).toEqual(['text 1*', 'day', 'text 2*']);
  });

  test('what is first of all rows keeps its row when older messages come before it', () => {
    const messages = [message(1, 'a', '2026-03-01T10:00:00.000Z'), message(2, 'b', '2026-03-01T10:01:00.000Z')];
    const [first] = planRows({ ...base, messages: messages.slice(1) });
    expect(planRows({ ...base, messages }).findIndex(({ key }) => key === first?.key)).toBe(1);
    expect(shape(planRows({ ...base, messages, hasBefore: false }))).toEqual(['start', 'day', 'text 1*', 'text 2*']);
  });

  test('the New line stands once, before the first unread message of somebody else', () => {
    const messages = [
      message(1, 'a', '2026-03-01T10:00:00.000Z'),
      message(2, 'me', '2026-03-01T10:00:10.000Z'),
      message(3, 'a', '2026-03-01T10:00:20.000Z'),
      message(4, 'a', '2026-03-01T10:00:30.000Z'),
    ];
    expect(shape(planRows({ ...base, messages, newAfterSeq: 1 }))).toEqual(['text 1*', 'text 2*', 'new', 'text 3*', 'text 4']);
  });

  test('the New line waits until what was read before it is loaded', () => {
    const messages = [message(5, 'a', '2026-03-01T10:00:00.000Z'), message(6, 'a', '2026-03-01T10:00:10.000Z')];
    expect(shape(planRows({ ...base, messages, newAfterSeq: 2 }))).not.toContain('new');
    expect(shape(planRows({ ...base, messages, newAfterSeq: 4 }))).toContain('new');
    expect(shape(planRows({ ...base, messages, newAfterSeq: 2, hasBefore: false }))).toContain('new');
  });

  test('the beginning is shown only when nothing older is left to load', () => {
    expect(shape(planRows({ ...base, messages: [], hasBefore: false }))).toEqual(['start']);
  });

  test('a pending message keeps its key when it becomes a stored one', () => {
    const pending = { clientMsgId: 'k', conversationId: 'c', body: 'x', createdAt: '2026-03-01T10:00:00.000Z', state: 'sending' as const };
    const before = planRows({ ...base, messages: [], pending: [pending] }).at(-1);
    const after = planRows({ ...base, messages: [message(1, 'me', '2026-03-01T10:00:00.000Z', { clientMsgId: 'k' })] }).at(-1);
    expect(before?.key).toBe('k');
    expect(after?.key).toBe('k');
  });

  test('an unchanged message keeps its view', () => {
    const messages = [message(1, 'a', '2026-03-01T10:00:00.000Z')];
    const [one, two] = [planRows({ ...base, messages }).at(-1), planRows({ ...base, messages }).at(-1)];
    expect(one?.kind === 'message' && two?.kind === 'message' && one.message === two.message).toBe(true);
  });

  test('the pill counts messages of others that are not deleted', () => {
    const at = '2026-03-01T10:00:00.000Z';
    const messages = [message(1, 'a', at), message(2, 'a', at), message(3, 'me', at), message(4, 'a', at, { deletedAt: at })];
    expect(countNewer({ messages, meId: 'me' }, 1)).toBe(1);
  });

  test('what a blocked person wrote is never new', () => {
    const at = '2026-03-01T10:00:00.000Z';
    const messages = [message(1, 'a', at), message(2, 'bad', at), message(3, 'a', at), message(4, 'bad', at)];
    const blocked = new Set(['bad']);
    expect(shape(planRows({ ...base, messages, newAfterSeq: 1, blocked }))).toEqual(['text 1*', 'text 2*', 'new', 'text 3*', 'text 4*']);
    expect(shape(planRows({ ...base, messages: messages.slice(0, 2), newAfterSeq: 1, blocked }))).not.toContain('new');
    expect(countNewer({ messages, meId: 'me', blocked }, 1)).toBe(1);
  });
});
