import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError, type Env, integer, list, oneOf, url } from './env.ts';

/** Where Postgres and Redis are, and how they are spoken to. */
export interface ServersConfig {
  databaseUrl: string;
  /** Past a pooler: migrations hold a lock of their session. */
  databaseDirectUrl: string;
  /** Replicas that history, search and the like are read from. Empty: everything is read from the primary. */
  databaseReadUrls: string[];
  /** PEM. With it connections are encrypted, and only servers are believed whose certificate it vouches for. */
  databaseCa: string | undefined;
  /** `transaction`: each transaction may run on another connection of the server, so nothing is kept on one. */
  databasePooler: 'none' | 'transaction';
  /** Connections of this process to Postgres. */
  databasePool: number;
  /** Empty: no Redis, the in-memory implementations. */
  redisUrls: string[];
  /** PEM, as above. */
  redisCa: string | undefined;
}

/** The PEM text in `name`, or in the file that `name_FILE` names. */
function certificateOf(env: Env, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  const text = env[name];
  if (text && file) throw new ConfigError(`${name} and ${name}_FILE are both set; one is enough`);
  if (!text && !file) return undefined;
  const variable = file ? `${name}_FILE` : name;
  try {
    const pem = file ? readFileSync(file, 'utf8') : text!;
    void new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new ConfigError(`${variable} holds no certificate in PEM: ${(cause as Error).message}`, { cause });
  }
}

const postgresUrl = (name: string, raw: string) => url(name, raw, ['postgres:', 'postgresql:']);

/** A certificate that is not used would be believed to protect. */
function requireTls({ databaseUrl, databaseCa, databaseReadUrls, databaseDirectUrl, redisUrls, redisCa }: ServersConfig): void {
  for (const each of databaseCa ? [databaseUrl, databaseDirectUrl, ...databaseReadUrls] : []) {
    const { searchParams, hostname } = new URL(each);
    const mode = searchParams.get('sslmode') ?? '';
    if (['disable', 'allow', 'prefer', 'no-verify'].includes(mode))
      throw new ConfigError(`DATABASE_CA is set, but the URL of ${hostname} says sslmode=${mode}; write sslmode=verify-full`);
  }
  const plain = redisCa && redisUrls.find((each) => !each.startsWith('rediss:'));
  if (plain) throw new ConfigError(`REDIS_CA is set, but the URL of ${new URL(plain).hostname} is not encrypted; write rediss://`);
}

export function parseServers(env: Env): ServersConfig {
  if (!env.DATABASE_URL)
    throw new ConfigError('DATABASE_URL is not set; give postgres://user:password@host:5432/database, or use "make up"');
  const databaseUrl = postgresUrl('DATABASE_URL', env.DATABASE_URL);
  const servers: ServersConfig = {
    databaseUrl,
    databaseDirectUrl: env.DATABASE_DIRECT_URL ? postgresUrl('DATABASE_DIRECT_URL', env.DATABASE_DIRECT_URL) : databaseUrl,
    databaseReadUrls: list(env, 'DATABASE_READ_URL').map((each) => postgresUrl('DATABASE_READ_URL', each)),
    databaseCa: certificateOf(env, 'DATABASE_CA'),
    databasePooler: oneOf(env, 'DATABASE_POOLER', ['none', 'transaction'], 'none'),
    databasePool: integer(env, 'DATABASE_POOL', 10, { min: 2, max: 1_000 }),
    redisUrls: list(env, 'REDIS_URLS').map((each) => url('REDIS_URLS', each, ['redis:', 'rediss:'])),
    redisCa: certificateOf(env, 'REDIS_CA'),
  };
  requireTls(servers);
  return servers;
}

/** Of the roles that migrate, back up or restore. */
export function requireDirectUrl(env: Env, role: string): void {
  if (env.DATABASE_POOLER !== 'transaction' || env.DATABASE_DIRECT_URL || !['all', 'migrate', 'backup', 'restore'].includes(role)) return;
  throw new ConfigError('DATABASE_POOLER=transaction needs DATABASE_DIRECT_URL for this role: a URL of Postgres itself');
}
