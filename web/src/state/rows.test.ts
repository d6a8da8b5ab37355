import type { ChatMessage } from '@chatcluster/client/types';
import { describe, expect, test } from 'vitest';
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

const shape = (rows: Row[]) => rows.map((row) => (row.kind === 'message' ? `${row.message.body}${row.first ? '*' : ''}` : row.kind));
const base = { pending: [], meId: 'me', hasBefore: true };

describe('rows of a conversation', () => {
  test('messages of one sender within five minutes share a head', () => {
    const messages = [
      message(1, 'a', '2026-03-01T10:00:00.000Z'),
      message(2, 'a', '2026-03-01T10:04:59.000Z'),
      message(3, 'a', '2026-03-01T10:10:00.000Z'),
      message(4, 'b', '2026-03-01T10:10:01.000Z'),
    ];
    expect(shape(planRows({ ...base, messages }))).toEqual(['day', 'text 1*', 'text 2', 'text 3*', 'text 4*']);
  });

  test('a new day gets a separator and a head', () => {
    const messages = [message(1, 'a', '2026-03-01T10:00:00.000Z'), message(2, 'a', '2026-03-03T10:00:00.000Z')];
    expect(shape(planRows({ ...base, messages }))).toEqual(['day', 'text 1*', 'day', 'text 2*']);
  });

  test('the New line stands once, before the first unread message of somebody else', () => {
    const messages = [
      message(1, 'a', '2026-03-01T10:00:00.000Z'),
      message(2, 'me', '2026-03-01T10:00:10.000Z'),
      message(3, 'a', '2026-03-01T10:00:20.000Z'),
      message(4, 'a', '2026-03-01T10:00:30.000Z'),
    ];
    expect(shape(planRows({ ...base, messages, newAfterSeq: 1 }))).toEqual(['day', 'text 1*', 'text 2*', 'new', 'text 3*', 'text 4']);
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
    expect(shape(planRows({ ...base, messages, newAfterSeq: 1, blocked }))).toEqual([
      'day',
      'text 1*',
      'text 2*',
      'new',
      'text 3*',
      'text 4*',
    ]);
    expect(shape(planRows({ ...base, messages: messages.slice(0, 2), newAfterSeq: 1, blocked }))).not.toContain('new');
    expect(countNewer({ messages, meId: 'me', blocked }, 1)).toBe(1);
  });
});
