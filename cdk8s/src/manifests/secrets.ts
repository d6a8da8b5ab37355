import type { ClusterInput, KubernetesObject } from '../types.ts';
import { names } from '../names.ts';
import { type Context, object, POSTGRES_PORT } from './context.ts';

export interface KeyRef {
  name: string;
  key: string;
}

/** Which Secret holds the URL of the database. */
export function databaseUrlRef(cluster: ClusterInput): KeyRef {
  const { database } = cluster.spec;
  const n = names(cluster);
  if (database.external) return database.external.urlSecretRef;
  // Made by CloudNativePG for the owner of the database.
  if (database.cloudNativePG) return { name: `${n.postgres}-app`, key: 'uri' };
  return { name: n.databaseSecret, key: 'url' };
}

/** Secrets that somebody has to make before pods start: the operator, or whoever applies plain YAML. */
export function listGeneratedSecrets(cluster: ClusterInput): ('database' | 'redis')[] {
  const { database, redis } = cluster.spec;
  return [...(database.evaluation ? (['database'] as const) : []), ...(redis.managed ? (['redis'] as const) : [])];
}

/** `password` must be safe in a URL and in redis.conf: letters and digits. */
export function generatedSecret(context: Context, which: 'database' | 'redis', password: string): KubernetesObject {
  const { n } = context;
  if (!/^[A-Za-z0-9]{16,}$/.test(password))
    throw new Error('a generated password must have at least 16 letters and digits, and nothing else');
  const body = { type: 'Opaque', stringData: which === 'database' ? databaseKeys(n.postgres, password) : redisKeys(password) };
  // The password of a database that is kept must be kept with it.
  return object(context, ['v1/Secret', which === 'database' ? n.databaseSecret : n.redisSecret], body, {
    component: which === 'database' ? 'postgres' : 'redis',
    isData: true,
  });
}

function databaseKeys(host: string, password: string): Record<string, string> {
  return { password, url: `postgres://chat:${password}@${host}:${POSTGRES_PORT}/chat` };
}

function redisKeys(password: string): Record<string, string> {
  // A file and no argument: arguments of a process can be read by everything on the node.
  return { password, 'redis.conf': `requirepass ${password}\n` };
}
