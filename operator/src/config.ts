import { hostname } from 'node:os';

export interface Config {
  /** Path of a kubeconfig; undefined: the service account of the pod. */
  kubeconfig: string | undefined;
  /** Empty: all of them. */
  watchNamespaces: string[];
  podName: string;
  podNamespace: string;
  leaderElection: boolean;
  leaseName: string;
  /** `/livez`, `/readyz`, `/metrics`, and `/scaling/<namespace>/<name>` for KEDA. */
  adminPort: number;
  host: string;
  /** The release that is run when `spec.version` says nothing. */
  version: string;
  /** Without tag; the tag is the version. */
  serverImage: string;
  postgresImage: string;
  redisImage: string;
  imagePullPolicy: ImagePullPolicy;
  /** ChatClusters that are worked on at the same time. */
  workers: number;
  /** How often the load of realtime pods is read. */
  scaleIntervalSeconds: number;
  /** Where KEDA finds the admin port of the operator. */
  scalerUrl: string;
  logLevel: string;
}

export const imagePullPolicies = ['Always', 'IfNotPresent', 'Never'] as const;
export type ImagePullPolicy = (typeof imagePullPolicies)[number];

/** The only reader of the environment. */
export function readEnv(): Record<string, string | undefined> {
  return { ...process.env };
}

/** A setting that cannot work; the message names the variable and what to do. Printed without a stack. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

type Env = Record<string, string | undefined>;

function integer(env: Env, name: string, fallback: number, [min, max]: readonly [number, number]): number {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  const value = Number(raw);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(`${name}="${raw}" must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function oneOf<T extends string>(env: Env, name: string, values: readonly T[], fallback: T): T {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  if (!(values as readonly string[]).includes(raw)) throw new ConfigError(`${name}="${raw}" must be one of ${values.join(', ')}`);
  return raw as T;
}

function list(env: Env, name: string): string[] {
  return (env[name] ?? '')
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '');
}

function untagged(name: string, image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  if (!/[:@]/.test(last)) return image;
  throw new ConfigError(`${name}="${image}" must have no tag or digest: the tag is the version of each ChatCluster`);
}

/** Pure; throws ConfigError that names the variable. */
export function parseConfig(env: Env): Config {
  const podNamespace = env.POD_NAMESPACE || 'chatcluster-system';
  const leaseName = env.LEASE_NAME || 'chatcluster-operator';
  return {
    kubeconfig: env.KUBECONFIG || undefined,
    watchNamespaces: [...new Set(list(env, 'WATCH_NAMESPACES'))],
    podName: env.POD_NAME || hostname(),
    podNamespace,
    leaderElection: oneOf(env, 'LEADER_ELECTION', ['on', 'off'], 'on') === 'on',
    leaseName,
    adminPort: integer(env, 'ADMIN_PORT', 9090, [0, 65_535]),
    host: env.HOST || '::',
    version: env.VERSION || '0.1.0',
    serverImage: untagged('SERVER_IMAGE', env.SERVER_IMAGE || 'chatcluster/server'),
    postgresImage: env.POSTGRES_IMAGE || 'chatcluster/postgres:18',
    redisImage: env.REDIS_IMAGE || 'chatcluster/redis:7',
    imagePullPolicy: oneOf(env, 'IMAGE_PULL_POLICY', imagePullPolicies, 'IfNotPresent'),
    workers: integer(env, 'WORKERS', 4, [1, 100]),
    scaleIntervalSeconds: integer(env, 'SCALE_INTERVAL_SECONDS', 15, [1, 600]),
    // The Service has the name of the installation, and so has the lease.
    scalerUrl: env.SCALER_URL || `http://${leaseName}.${podNamespace}.svc:9090`,
    logLevel: oneOf(env, 'LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
  };
}
