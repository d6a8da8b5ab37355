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
