import { names } from '../names.ts';
import type { KubernetesObject } from '../types.ts';
import { ADMIN_PORT, type Context, HTTP_PORT, isServing, type JobRole, object, POSTGRES_PORT, REDIS_PORT, type Role } from './context.ts';
import { publicUrl } from './public-url.ts';
import { databaseUrlRef, type KeyRef } from './secrets.ts';
import { CNPG_DATABASE } from './cloud-native-pg.ts';
import { featureEnv, featureSettings } from './server-features.ts';

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: object;
}

function trustedProxies({ access }: Context['cluster']['spec']): string[] {
  if (access.trustedProxies) return access.trustedProxies;
  return access.gateway || access.ingress ? ['loopback', 'linklocal', 'uniquelocal'] : [];
}

/** `MESSAGE_MAX_CHARS` for `messageMaxChars`. */
function variableOf(limit: string): string {
  return limit.replace(/[A-Z]/g, (char) => `_${char}`).toUpperCase();
}

/** Whom push services may ask about our pushes; they take an address of mail or of the secure web. */
function vapidSubject({ auth }: Context['cluster']['spec'], url: string | undefined): string | undefined {
  if (url?.startsWith('https:')) return url;
  return auth.admins[0] && `mailto:${auth.admins[0]}`;
}

/** Settings that are no secret and the same for every role. */
export function serverSettings({ cluster: { spec } }: Context): Record<string, string> {
  const url = publicUrl({ spec });
  const subject = vapidSubject(spec, url);
  const limits = Object.entries(spec.limits).map(([name, value]) => [variableOf(name), String(value)] as const);
  return {
    NODE_ENV: 'production',
    PORT: String(HTTP_PORT),
    ADMIN_PORT: String(ADMIN_PORT),
    ...(url !== undefined && { PUBLIC_URL: url }),
    // Without TLS in front, a browser would drop cookies that are marked secure.
    SECURE_COOKIES: url?.startsWith('https:') ? 'on' : 'off',
    ALLOWED_ORIGINS: spec.access.allowedOrigins.join(','),
    TRUSTED_PROXIES: trustedProxies(spec).join(','),
    DRAIN_SECONDS: String(spec.shutdown.drainSeconds),
    SOCKETS_PER_POD: String(spec.roles.realtime.maxConnections),
    REBALANCE: spec.rebalance.enabled ? 'on' : 'off',
    REBALANCE_TOLERANCE_PERCENT: String(spec.rebalance.tolerancePercent),
    REBALANCE_MOVES_PER_SECOND: String(spec.rebalance.maxMovesPerSecondPerPod),
    ...featureSettings(spec),
    ...(subject !== undefined && { VAPID_SUBJECT: subject }),
    ...Object.fromEntries(limits),
  };
}

export function configMap(context: Context): KubernetesObject {
  return object(context, ['v1/ConfigMap', context.n.config], { data: serverSettings(context) });
}

const fromSecret = ({ name, key }: KeyRef) => ({ secretKeyRef: { name, key } });

/** Servers whose certificate it does not vouch for are not believed. */
function caEnv(name: string, external: { caSecretRef?: KeyRef } | undefined): EnvVar[] {
  return external?.caSecretRef ? [{ name, valueFrom: fromSecret(external.caSecretRef) }] : [];
}

/** Our own servers are named here and not in the Secret, which need not change with their number. */
function redisEnv(cluster: Context['cluster']): EnvVar[] {
  const { external, managed } = cluster.spec.redis;
  if (external) return [{ name: 'REDIS_URLS', valueFrom: fromSecret(external.urlsSecretRef) }, ...caEnv('REDIS_CA', external)];
  const n = names(cluster);
  const urls = Array.from({ length: managed?.shards ?? 1 }, (_, shard) => `redis://:$(REDIS_PASSWORD)@${n.redis(shard)}:${REDIS_PORT}`);
  return [
    // It must come first: the kubelet puts only earlier variables into later ones.
    { name: 'REDIS_PASSWORD', valueFrom: fromSecret({ name: n.redisSecret, key: 'password' }) },
    { name: 'REDIS_URLS', value: urls.join(',') },
  ];
}

/** Where pods that serve people read history: replicas of the user's, or those of CloudNativePG behind one Service. */
function readEnv(cluster: Context['cluster']): EnvVar[] {
  const { external, cloudNativePG } = cluster.spec.database;
  if (external?.readUrlSecretRef) return [{ name: 'DATABASE_READ_URL', valueFrom: fromSecret(external.readUrlSecretRef) }];
  // A lone instance is the primary; the Service has nobody behind it then.
  if (!cloudNativePG || cloudNativePG.instances < 2) return [];
  const { postgres } = names(cluster);
  const part = (key: string) => fromSecret({ name: databaseUrlRef(cluster).name, key });
  return [
    { name: 'DATABASE_READ_USER', valueFrom: part('username') },
    // CloudNativePG makes it of letters and digits.
    { name: 'DATABASE_READ_PASSWORD', valueFrom: part('password') },
    {
      name: 'DATABASE_READ_URL',
      value: `postgres://$(DATABASE_READ_USER):$(DATABASE_READ_PASSWORD)@${postgres}-ro:${POSTGRES_PORT}/${CNPG_DATABASE}`,
    },
  ];
}

/** Variables of one role; those of the user win where the schema lets them. */
export function serverEnv({ cluster, facts }: Context, role: Role | JobRole): EnvVar[] {
  const { podTemplate, roles } = cluster.spec;
  const own: EnvVar[] = [
    { name: 'ROLE', value: role },
    { name: 'POD_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'DATABASE_URL', valueFrom: fromSecret(databaseUrlRef(cluster)) },
    ...caEnv('DATABASE_CA', cluster.spec.database.external),
    { name: 'DATABASE_POOL', value: String(facts.databasePool) },
  ];
  if (role === 'api' || role === 'realtime') own.push(...readEnv(cluster));
  // Jobs need Postgres only, and must not wait for Redis.
  if (isServing(role)) {
    own.push(...redisEnv(cluster));
    own.push({ name: 'FANOUT', value: roles.realtime.fanout === 'StreamsAdapter' ? 'streams-adapter' : 'routed' });
  }
  own.push(...featureEnv(cluster, role));
  const users = podTemplate.env ?? [];
  return [...own.filter(({ name }) => !users.some((variable) => variable.name === name)), ...users];
}
