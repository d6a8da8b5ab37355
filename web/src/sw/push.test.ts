import { expect, test } from 'vitest';
import { describePush, parsePush, type PushMessage } from './push.ts';

const push: PushMessage = {
  type: 'message',
  conversationId: 'c',
  seq: 1,
  kind: 'group',
  unread: 1,
  mentioned: false,
  title: 'Garden',
  actorName: 'Ann',
  body: 'The roses are out',
};

test('says who wrote what where', () => {
  expect(describePush(push, 'en-GB')).toEqual({ title: 'Garden', body: 'Ann: The roses are out' });
  expect(describePush({ ...push, kind: 'direct' }, 'en')).toEqual({ title: 'Ann', body: 'The roses are out' });
  expect(describePush({ ...push, title: undefined }, 'en').title).toBe('Ann');
});

test('counts what waits, tells of mentions, and keeps quiet about what was said where that is wanted', () => {
  expect(describePush({ ...push, unread: 3 }, 'en').body).toBe('Ann: The roses are out\n3 new messages');
  expect(describePush({ ...push, unread: 100 }, 'de').body).toBe('Ann: The roses are out\n99+ neue Nachrichten');
  expect(describePush({ ...push, mentioned: true }, 'de').body).toBe('Ann hat Sie erwähnt: The roses are out');
  expect(describePush({ ...push, body: undefined, kind: 'direct' }, 'de').body).toBe('Neue Nachricht');
});

test('passes over what it does not know', () => {
  for (const text of [undefined, '', 'x', 'null', '{}', '{"type":"other"}', '{"type":"message"}']) expect(parsePush(text)).toBeUndefined();
  expect(parsePush(JSON.stringify(push))).toEqual(push);
});
