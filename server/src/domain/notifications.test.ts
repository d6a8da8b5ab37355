import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PresenceStatus } from '@chatcluster/protocol';
import { type Candidate, decideDelivery, decideNotifications, type DueNotice, isQuiet, type QuietTimes } from './notifications.ts';

const never: QuietTimes = { from: null, to: null, timeZone: null, untilMs: null };
const base: Candidate = {
  conversationId: 'c',
  kind: 'group',
  large: false,
  seq: 7,
  userId: 'u',
  level: 'all',
  mentioned: false,
  blocked: false,
  hasPush: true,
  hasMail: true,
  quiet: never,
};
const noonMs = Date.parse('2026-01-15T12:00:00Z');
const options = { nowMs: noonMs, onlineDelayMs: 5_000, mergeMs: 1_000, mailDelayMs: 600_000 };

function channels(change: Partial<Candidate>, status: PresenceStatus = 'offline', more: Partial<typeof options> = {}): string {
  const presence = new Map([['u', status]]);
  return decideNotifications([{ ...base, ...change }], presence, { ...options, ...more })
    .map((n) => `${n.channel}+${n.dueInMs / 1_000}s`)
    .join(' ');
}

describe('who is told of a message', () => {
  const cases: Record<string, [string, string]> = {
    'a member of a group, by push': [channels({}), 'push+1s'],
    'a person who is online only after a while, in which they may read it': [channels({}, 'online'), 'push+5s'],
    'a person who is mentioned, also by mail': [channels({ mentioned: true }), 'push+1s mail+600s'],
    'the other one of a direct conversation, also by mail': [channels({ kind: 'direct' }), 'push+1s mail+600s'],
    'a direct message counts as a mention': [channels({ kind: 'direct', level: 'mentions' }), 'push+1s mail+600s'],
    'nobody who wants mentions only and is not mentioned': [channels({ level: 'mentions' }), ''],
    'nobody who wants nothing, though mentioned': [channels({ level: 'none', mentioned: true }), ''],
    'nobody who has blocked the author': [channels({ blocked: true, mentioned: true }), ''],
    'in a large conversation only who is mentioned': [channels({ large: true }), ''],
    'a mention in a large conversation': [channels({ large: true, mentioned: true }), 'push+1s mail+600s'],
    'by mail only where nothing takes a push': [channels({ hasPush: false, mentioned: true }), 'mail+600s'],
    'no push at "do not disturb"': [channels({ mentioned: true }, 'dnd'), 'mail+600s'],
    'no push in quiet hours': [channels({ quiet: { ...never, from: 660, to: 780 } }), ''],
    'nobody without a way to reach them': [channels({ hasPush: false, hasMail: false, mentioned: true }), ''],
    'no mail where mail is off': [channels({ mentioned: true }, 'offline', { mailDelayMs: undefined as never }), 'push+1s'],
  };
  for (const [name, [actual, expected]] of Object.entries(cases)) test(name, () => assert.equal(actual, expected));

  test('several messages of a conversation are one notice', () => {
    const candidates = [3, 9, 5].map((seq) => ({ ...base, seq, mentioned: seq === 9, hasMail: false }));
    assert.deepEqual(decideNotifications(candidates, new Map(), options), [
      { userId: 'u', conversationId: 'c', channel: 'push', firstSeq: 3, lastSeq: 9, mentioned: true, dueInMs: 1_000 },
    ]);
  });
});

describe('when its time has come', () => {
  const due: DueNotice = { channel: 'push', lastSeq: 7, readSeq: 3, level: 'all', quiet: never };
  const decide = (change: Partial<DueNotice>, status: PresenceStatus = 'offline') => decideDelivery({ ...due, ...change }, status, noonMs);
  const cases: Record<string, [boolean, boolean]> = {
    'an unread message is told': [decide({}), true],
    'also to somebody who is online and did not read it': [decide({}, 'online'), true],
    'what was read meanwhile is not': [decide({ readSeq: 7 }), false],
    'who has left is not told': [decide({ readSeq: null }), false],
    'who has switched the conversation off is not told': [decide({ level: 'none' }), false],
    'who went quiet is not told': [decide({ quiet: { ...never, untilMs: noonMs + 1 } }), false],
    'who does not want to be disturbed is not told': [decide({}, 'dnd'), false],
    'a mail goes to who is offline': [decide({ channel: 'mail' }), true],
    'and not to who came back': [decide({ channel: 'mail' }, 'away'), false],
  };
  for (const [name, [actual, expected]] of Object.entries(cases)) test(name, () => assert.equal(actual, expected));
});

describe('quiet hours', () => {
  const at = (time: string, quiet: Partial<QuietTimes>) => isQuiet({ ...never, ...quiet }, Date.parse(`2026-01-15T${time}:00Z`));
  const night = { from: 22 * 60, to: 7 * 60 };
  const cases: Record<string, [boolean, boolean]> = {
    'go over midnight': [at('23:30', night) && at('06:59', night), true],
    'end at their last minute': [at('07:00', night), false],
    'begin at their first': [at('22:00', night), true],
    'are those of the time zone': [at('21:30', { ...night, timeZone: 'Europe/Berlin' }), true],
    'are not there when both ends are the same': [at('12:00', { from: 600, to: 600 }), false],
    'are UTC for a zone that nobody knows': [at('21:30', { ...night, timeZone: 'Moon/Base' }), false],
    'last until a moment, whatever the hours': [at('12:00', { untilMs: Date.parse('2026-01-15T12:01:00Z') }), true],
  };
  for (const [name, [actual, expected]] of Object.entries(cases)) test(name, () => assert.equal(actual, expected));
});
