import type { ConnectionSnapshot } from '@chatcluster/client/types';

/** Short interruptions are nobody's business: nothing is shown for the first two seconds. */
export const BANNER_AFTER_MS = 2_000;

export type Banner = { kind: 'reconnecting'; seconds?: number } | { kind: 'offline' } | { kind: 'refused'; reason: string };

/** What the connection banner says; undefined: there is none. `downSinceMs`: since when the connection is not live. */
export function decideBanner(connection: ConnectionSnapshot, downSinceMs: number | undefined, nowMs: number): Banner | undefined {
  if (connection.state === 'refused') return { kind: 'refused', reason: connection.message ?? connection.code ?? '' };
  if (isUp(connection) || downSinceMs === undefined || nowMs - downSinceMs < BANNER_AFTER_MS) return undefined;
  if (connection.state === 'offline') return { kind: 'offline' };
  if (connection.nextAttemptAt === undefined) return { kind: 'reconnecting' };
  return { kind: 'reconnecting', seconds: Math.max(0, Math.ceil((connection.nextAttemptAt - nowMs) / 1_000)) };
}

/** Messages flow while missed ones are still being read. */
export function isUp(connection: ConnectionSnapshot): boolean {
  return connection.state === 'live' || connection.state === 'syncing' || connection.state === 'idle';
}
