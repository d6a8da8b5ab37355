import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { defaultLimits, type Limits } from '@chatcluster/protocol/limits';
import { parseAccounts, type AccountSettings } from './config/accounts.ts';
import { type BackupConfig, parseBackupConfig } from './config/backup.ts';
import { type FilesConfig, parseFilesConfig } from './config/files.ts';
import { ConfigError, integer, list, networks, oneOf, onOff, url, type Env } from './config/env.ts';
import { parseRetentionConfig, type RetentionConfig } from './config/retention.ts';
import { parseServers, requireDirectUrl, type ServersConfig } from './config/servers.ts';
import { type NotificationsConfig, parseNotificationsConfig } from './config/notifications.ts';
import { parseTracing, type TracingConfig } from './config/tracing.ts';

export { ConfigError };
export const roles = ['all', 'realtime', 'api', 'worker', 'migrate', 'backup', 'restore'] as const;
export type ServerRole = (typeof roles)[number];
export type FanoutMode = 'memory' | 'routed' | 'streams-adapter';

export interface Config extends ServersConfig {
  role: ServerRole;
  podId: string;
  version: string;
  host: string;
  port: number;
  adminPort: number;
  /** Prefix of every Redis key; tests use one per file. */
  redisPrefix: string;
  fanout: FanoutMode;
  /** Allowed `Origin` values; empty: an Origin whose host equals `Host`. */
  allowedOrigins: string[];
  publicUrl: string | undefined;
  /** Express `trust proxy` value: addresses or CIDRs whose X-Forwarded-For counts. */
  trustedProxies: string[];
  /** Folder with the built web app, if it is served. */
  webRoot: string | undefined;
  longPolling: boolean;
  tokenInQuery: boolean;
  secureCookies: boolean;
  rateLimits: boolean;
  limits: Limits;
  /** Group commit: longest wait for company, in ms. */
  batchWindowMs: number;
  drainSeconds: number;
  maxAgeSeconds: number;
  /** Recent entries that a pod keeps to show them while Postgres is away, in KiB of their packets. */
  outageCacheKib: number;
  /** Moves live sockets after a scale-up; undefined: off. */
  rebalance: { tolerancePercent: number; movesPerSecond: number } | undefined;
  /** Private addresses and CIDR ranges that link previews and webhooks may reach. */
  fetchAllowedNetworks: string[];
  /** Whether links of messages are read by the worker, to show where they lead. */
  linkPreviews: boolean;
  accounts: AccountSettings;
  /** JSON Web Key Set or PEM, read again every few seconds; undefined: Postgres keeps the keys. */
  signingKeysFile: string | undefined;
  files: FilesConfig;
  /** Of the roles `backup` and `restore` only. */
  backup: BackupConfig | undefined;
  /** Whether what a person wrote goes with their account. */
  deletedUserMessages: 'keep' | 'remove';
  notifications: NotificationsConfig;
  retention: RetentionConfig;
  /** Undefined: off. */
  tracing: TracingConfig | undefined;
  logLevel: string;
}

/** The only reader of the environment. */
export function readEnv(): Record<string, string | undefined> {
  return { ...process.env };
}

/** `MESSAGE_MAX_CHARS` for `messageMaxChars`, and so on. */
function parseLimits(env: Env): Limits {
  const limits: Limits = { ...defaultLimits };
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const variable = name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase();
    limits[name] = integer(env, variable, limits[name], { min: name === 'attachmentsPerMessage' ? 0 : 1 });
  }
  return limits;
}

/** Reads nothing else than the folder of AUTH_PROVIDERS_DIR; throws ConfigError that names the variable. */
export function parseConfig(env: Env): Config {
  const servers = parseServers(env);
  const { redisUrls } = servers;
  const production = env.NODE_ENV === 'production';
  const rateLimits = onOff(env, 'RATE_LIMITS', true);
  if (!rateLimits && production && env.ALLOW_NO_RATE_LIMITS !== 'yes') {
    throw new ConfigError('RATE_LIMITS=off is for load tests; in production set ALLOW_NO_RATE_LIMITS=yes too if you mean it');
  }
  const fanout = oneOf<FanoutMode>(env, 'FANOUT', ['memory', 'routed', 'streams-adapter'], redisUrls.length > 0 ? 'routed' : 'memory');
  if (fanout !== 'memory' && redisUrls.length === 0) throw new ConfigError(`FANOUT=${fanout} needs REDIS_URLS`);
  const publicUrl = env.PUBLIC_URL ? url('PUBLIC_URL', env.PUBLIC_URL, ['http:', 'https:']) : undefined;
  const role = oneOf(env, 'ROLE', roles, 'all');
  requireDirectUrl(env, role);
  return {
    role,
    podId: env.POD_ID || `${hostname()}-${randomBytes(4).toString('hex')}`,
    version: env.VERSION || '0.1.0',
    host: env.HOST || '::',
    port: integer(env, 'PORT', 8080, { max: 65_535 }),
    adminPort: integer(env, 'ADMIN_PORT', 9090, { max: 65_535 }),
    ...servers,
    redisPrefix: env.REDIS_PREFIX || 'chat:',
    fanout,
    allowedOrigins: list(env, 'ALLOWED_ORIGINS'),
    publicUrl,
    trustedProxies: list(env, 'TRUSTED_PROXIES'),
    webRoot: env.WEB_ROOT || undefined,
    longPolling: onOff(env, 'LONG_POLLING', false),
    tokenInQuery: onOff(env, 'TOKEN_IN_QUERY', false),
    secureCookies: onOff(env, 'SECURE_COOKIES', production),
    rateLimits,
    limits: parseLimits(env),
    batchWindowMs: integer(env, 'BATCH_WINDOW_MS', 3, { max: 100 }),
    drainSeconds: integer(env, 'DRAIN_SECONDS', 10, { max: 3_600 }),
    maxAgeSeconds: integer(env, 'MAX_AGE_SECONDS', 3_600, { min: 10 }),
    outageCacheKib: integer(env, 'OUTAGE_CACHE_KIB', 4_096, { max: 1_048_576 }),
    rebalance: onOff(env, 'REBALANCE', true)
      ? {
          tolerancePercent: integer(env, 'REBALANCE_TOLERANCE_PERCENT', 20, { min: 1, max: 100 }),
          movesPerSecond: integer(env, 'REBALANCE_MOVES_PER_SECOND', 20, { min: 1, max: 10_000 }),
        }
      : undefined,
    fetchAllowedNetworks: networks(env, 'FETCH_ALLOWED_NETWORKS'),
    linkPreviews: onOff(env, 'LINK_PREVIEWS', true),
    accounts: parseAccounts(env, publicUrl),
    signingKeysFile: env.SIGNING_KEYS_FILE || undefined,
    files: parseFilesConfig(env),
    backup: role === 'backup' || role === 'restore' ? parseBackupConfig(env) : undefined,
    deletedUserMessages: oneOf(env, 'DELETED_USER_MESSAGES', ['keep', 'remove'], 'keep'),
    notifications: parseNotificationsConfig(env),
    retention: parseRetentionConfig(env),
    tracing: parseTracing(env),
    logLevel: oneOf(env, 'LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
  };
}
