import { createHash } from 'node:crypto';
import { Pool } from 'undici';
import type { PoolStats, TransportStats } from './client-types.ts';
import type { TlsMaterial } from './connection.ts';

/** Enough for every worker to have a call under way; one more waits for a connection instead of opening one. */
const requestConnections = 16;
const connectTimeoutMs = 5_000;
/** Shorter than the 90 s after which kube-apiserver closes an idle connection, so that we never send into a closing one. */
const keepAliveMs = 60_000;

/** Watches hold their connection for minutes: apart from the requests, they cannot use up those' connections. */
interface Pools {
  fingerprint: string;
  requests: Pool;
  watches: Pool;
}

export interface PoolSet {
  /** Opens new pools when the TLS material has changed; what runs in the old ones ends there. */
  pick(kind: 'requests' | 'watches', tls: TlsMaterial): Pool;
  stats(): TransportStats;
  close(): Promise<void>;
}

function fingerprintOf(tls: TlsMaterial): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) hash.update(part ?? '').update('\0');
  return hash.digest('base64');
}

export function createPools(origin: string): PoolSet {
  const counts = { requests: { connections: 0, requests: 0 }, watches: { connections: 0, requests: 0 } };
  let current: Pools | undefined;
  let lastTls: TlsMaterial | undefined;

  const open = (tls: TlsMaterial, count: PoolStats, connections?: number) =>
    new Pool(origin, {
      connections,
      pipelining: 1,
      // Over HTTP/2 all calls would share one connection, and one lost packet would hold up all of them.
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      connect: { ...tls, timeout: connectTimeoutMs },
    }).on('connect', () => {
      count.connections += 1;
    });

  function renew(tls: TlsMaterial): Pools {
    if (current && tls === lastTls) return current;
    lastTls = tls;
    const fingerprint = fingerprintOf(tls);
    if (current?.fingerprint === fingerprint) return current;
    const old = current;
    current = { fingerprint, requests: open(tls, counts.requests, requestConnections), watches: open(tls, counts.watches) };
    if (old) void Promise.allSettled([old.requests.close(), old.watches.close()]);
    return current;
  }

  return {
    pick(kind, tls) {
      counts[kind].requests += 1;
      return renew(tls)[kind];
    },
    stats: () => ({ requests: { ...counts.requests }, watches: { ...counts.watches } }),
    async close() {
      const old = current;
      current = undefined;
      if (old) await Promise.all([old.requests.destroy(), old.watches.destroy()]);
    },
  };
}
