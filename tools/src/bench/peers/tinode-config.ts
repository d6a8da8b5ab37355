import { createHmac, randomBytes } from 'node:crypto';

export interface TinodeNode {
  name: string;
  port: number;
  clusterPort: number;
}

const base64 = (bytes: number) => randomBytes(bytes).toString('base64');

/**
 * Connections to Postgres of each node, as our pods have; 4, 25 and 50 were not faster, tried once each. Only the DSN can say it:
 * `max_open_conns` is read when the pool is already made.
 */
const POOL = 10;

function dsnOf(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.search = new URLSearchParams({ sslmode: 'disable', pool_max_conns: `${POOL}`, pool_min_conns: `${POOL}` }).toString();
  return url.href;
}

/**
 * The settings of all nodes. What is not here stays off (media, push, calls, gRPC, statistics, validation of addresses) or
 * as Tinode has it by itself. It has no limit of messages per second.
 */
export function tinodeConfig(databaseUrl: string, nodes: TinodeNode[], apiKeySalt: Buffer): string {
  return JSON.stringify({
    api_key_salt: apiKeySalt.toString('base64'),
    // 128 as it is shipped; the largest group has 200 members.
    max_subscriber_count: 1_000,
    ws_compression_disabled: true,
    expvar: '-',
    auth_config: { basic: {}, token: { expire_in: 1_209_600, serial_num: 1, key: base64(32) } },
    store_config: {
      uid_key: base64(16),
      use_adapter: 'postgres',
      max_results: 1_024,
      adapters: { postgres: { dsn: dsnOf(databaseUrl), sql_timeout: 10 } },
    },
    push: [],
    cluster_config: {
      nodes: nodes.map(({ name, clusterPort }) => ({ name, addr: `127.0.0.1:${clusterPort}` })),
      // A fixed ring: on a full machine a late heartbeat would be taken for the end of a node.
      failover: { enabled: false },
    },
  });
}

/** A key that a client has to show: version, application, sequence and role, and their signature. */
export function apiKey(salt: Buffer): string {
  const claims = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([claims, createHmac('md5', salt).update(claims).digest()]).toString('base64url');
}
