import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../transport/socket/connection.ts';
import { createSocketClock } from './socket-clock.ts';

const HOUR_MS = 3_600_000;

test('a wall clock that is set two hours ahead moves nobody for their age', () => {
  const hints: number[] = [];
  let [wallMs, elapsedMs] = [1_000_000, 5_000];
  const connection = {
    sessionId: 's',
    isEnded: false,
    connectedAt: elapsedMs,
    warnedFor: 0,
    movingAt: undefined,
    principal: { expiresAt: 9 * HOUR_MS },
    emit: () => undefined,
    hintAway: (_ms: number, _reason: string, at: number) => void hints.push(at),
  } as unknown as Connection;
  using clock = createSocketClock({
    connections: () => [connection],
    isRevoked: () => false,
    isRefreshImpossible: () => false,
    maxAgeSeconds: 3_600,
    accessTokenSeconds: 900,
    now: () => wallMs,
    elapsed: () => elapsedMs,
  });
  wallMs += 2 * HOUR_MS;
  clock.look();
  assert.deepEqual(hints, []);
  elapsedMs += 2 * HOUR_MS;
  clock.look();
  assert.deepEqual(hints, [elapsedMs]);
});

test('a token is warned about a minute before its end, a short-lived one when a third of its time is over', () => {
  const warned = (accessTokenSeconds: number) => {
    const at: number[] = [];
    let wallMs = 0;
    const connection = {
      sessionId: 's',
      isEnded: false,
      connectedAt: 0,
      warnedFor: 0,
      principal: { expiresAt: accessTokenSeconds * 1_000 },
      // As a client does at once: a fresh token of the same length.
      emit: () => {
        at.push(wallMs / 1_000);
        connection.principal = { expiresAt: wallMs + accessTokenSeconds * 1_000 };
      },
    };
    using clock = createSocketClock({
      connections: () => [connection as unknown as Connection],
      isRevoked: () => false,
      isRefreshImpossible: () => false,
      maxAgeSeconds: 86_400,
      accessTokenSeconds,
      now: () => wallMs,
      elapsed: () => wallMs,
    });
    for (; wallMs <= 1_800_000 && at.length < 2; wallMs += 1_000) clock.look();
    return at;
  };
  assert.deepEqual(warned(900), [840, 1_680]);
  assert.deepEqual(warned(30), [10, 20]);
});
