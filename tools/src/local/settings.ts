import { join, resolve } from 'node:path';
import { type Config, ConfigError, parseConfig } from '@chatcluster/server/config';

export const root = join(import.meta.dirname, '..', '..', '..');
/** Tests set LOCAL_DIR, so that their cluster and that of a developer do not meet. */
export const localDir = process.env.LOCAL_DIR ? resolve(process.env.LOCAL_DIR) : join(root, '.local');

/** In the environment of everything that `make up` starts, with the path of its data as its value. */
export const marker = 'CHATCLUSTER_LOCAL';

type Env = Record<string, string | undefined>;

export interface PodSpec {
  id: string;
  port: number;
  adminPort: number;
}

export interface Settings {
  pods: PodSpec[];
  /** Undefined: one pod is its own front. */
  frontPort: number | undefined;
  frontUrl: string;
  /** Given by the user; undefined: a Postgres of ours. */
  databaseUrl: string | undefined;
  postgresPort: number;
  redisUrls: string | undefined;
  /** Whether a Redis of ours is needed. */
  startRedis: boolean;
  redisPort: number;
  /** Server variables of the caller's environment, handed to every pod. */
  passThrough: Record<string, string>;
}

function integer(env: Env, name: string, fallback: number, max: number): number {
  const raw = env[name];
  if (!raw) return fallback;
  const value = Number(raw);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new ConfigError(`${name}="${raw}" must be a whole number from 1 to ${max}`);
  return value;
}

/** Set by `make up` itself, for each pod. */
const ours = new Set(['ROLE', 'POD_ID', 'HOST', 'PORT', 'ADMIN_PORT', 'DATABASE_URL', 'REDIS_URLS']);

/** The server's own parser checks the values; what it asks for is what is handed on, so a new setting needs no list here. */
function serverVariables(env: Env, defaults: Env): { config: Config; passThrough: Record<string, string> } {
  const passThrough: Record<string, string> = {};
  const watched = new Proxy<Env>(
    {},
    {
      get(_target, name) {
        if (typeof name !== 'string') return undefined;
        const value = env[name];
        if (value && !ours.has(name)) passThrough[name] = value;
        return value || defaults[name];
      },
    },
  );
  return { config: parseConfig(watched), passThrough };
}

/** Pure; throws ConfigError that names the variable. */
export function parseSettings(env: Env): Settings {
  const count = integer(env, 'PODS', 1, 32);
  const wantsRedis = count > 1 || (env.FANOUT !== undefined && env.FANOUT !== '' && env.FANOUT !== 'memory');
  if (count > 1 && env.FANOUT === 'memory') throw new ConfigError('FANOUT=memory works with one pod only; leave FANOUT out, or use PODS=1');
  const { config, passThrough } = serverVariables(env, {
    DATABASE_URL: 'postgres://127.0.0.1/chatcluster',
    REDIS_URLS: wantsRedis ? 'redis://127.0.0.1' : undefined,
  });
  const basePort = integer(env, 'PORT', 8080, 65_535 - count);
  const baseAdminPort = integer(env, 'ADMIN_PORT', 9090, 65_535 - count);
  const frontPort = count > 1 ? integer(env, 'FRONT_PORT', 8000, 65_535) : undefined;
  // Behind the balancer every connection comes from loopback.
  if (frontPort !== undefined && config.trustedProxies.length === 0) passThrough.TRUSTED_PROXIES = 'loopback';
  return {
    pods: Array.from({ length: count }, (_, i) => ({ id: `pod-${i}`, port: basePort + i, adminPort: baseAdminPort + i })),
    frontPort,
    frontUrl: `http://localhost:${frontPort ?? basePort}`,
    databaseUrl: env.DATABASE_URL || undefined,
    postgresPort: integer(env, 'POSTGRES_PORT', 54_320, 65_535),
    redisUrls: env.REDIS_URLS || undefined,
    startRedis: wantsRedis && !env.REDIS_URLS,
    redisPort: integer(env, 'REDIS_PORT', 63_790, 65_535),
    passThrough,
  };
}
