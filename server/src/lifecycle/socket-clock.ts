import type { Connection } from '../transport/socket/connection.ts';

export interface SocketClockDeps {
  connections(): Iterable<Connection>;
  isRevoked(sessionId: string): boolean;
  /** True while nobody can refresh (Postgres away): expiry waits then. */
  isRefreshImpossible(): boolean;
  maxAgeSeconds: number;
  accessTokenSeconds: number;
  /** Of the wall, for tokens. @default Date.now */
  now?: () => number;
  /** Of the monotonic clock, for ages: when a wall clock is set ahead nobody has become older. */
  elapsed?: () => number;
  random?: () => number;
}

const WARN_MS = 60_000;
const GRACE_MS = 30_000;
/** A client that was asked to move and has not is closed this long after its hint. */
const MOVE_GRACE_MS = 10_000;

/** What time does to sockets, looked at once a second for all: expiry, revocation, age. One timer, not one per socket. */
export function createSocketClock(deps: SocketClockDeps) {
  const { now = Date.now, elapsed = () => performance.now(), random = Math.random } = deps;
  const ageLimits = new WeakMap<Connection, number>();
  // A token that does not live much longer than that is warned about once, when two thirds of its time are left.
  const warnMs = Math.min(WARN_MS, (deps.accessTokenSeconds * 1_000 * 2) / 3);

  function ageLimit(connection: Connection): number {
    let limit = ageLimits.get(connection);
    if (limit === undefined) {
      limit = deps.maxAgeSeconds * 1_000 * (0.8 + random() * 0.4);
      ageLimits.set(connection, limit);
    }
    return limit;
  }

  function expire(connection: Connection, at: number): void {
    const { expiresAt } = connection.principal;
    if (expiresAt - at <= warnMs && connection.warnedFor !== expiresAt) {
      connection.warnedFor = expiresAt;
      connection.emit('session:expiring', { expiresAt: new Date(expiresAt).toISOString() });
    }
    if (at - expiresAt > GRACE_MS && !deps.isRefreshImpossible()) {
      connection.end('expired', 'The access token has expired; reconnect with a fresh one.', true);
    }
  }

  function age(connection: Connection, at: number): void {
    if (connection.movingAt !== undefined) {
      if (at > connection.movingAt + MOVE_GRACE_MS) connection.close();
      return;
    }
    if (at - connection.connectedAt < ageLimit(connection)) return;
    connection.hintAway(Math.round(random() * 5_000), 'max_age', at);
  }

  function look(): void {
    const [at, elapsedMs] = [now(), elapsed()];
    for (const connection of deps.connections()) {
      if (connection.isEnded) continue;
      if (deps.isRevoked(connection.sessionId)) connection.end('revoked', 'This session was ended.', false);
      else {
        expire(connection, at);
        age(connection, elapsedMs);
      }
    }
  }

  const timer = setInterval(look, 1_000);
  timer.unref();
  return { look, [Symbol.dispose]: () => clearInterval(timer) };
}
