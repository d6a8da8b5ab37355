import type { ClusterInput, KubernetesObject } from '../types.ts';
import { names } from '../names.ts';
import { type Context, HTTP_PORT, object, POSTGRES_PORT } from './context.ts';
import { publicUrl } from './public-url.ts';

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

export type GeneratedSecret = 'database' | 'redis' | 'adminLink';

/** Secrets that somebody has to make before pods start: the operator, or whoever applies plain YAML. */
export function listGeneratedSecrets(cluster: ClusterInput): GeneratedSecret[] {
  const { database, redis, auth } = cluster.spec;
  return [
    ...(database.evaluation ? (['database'] as const) : []),
    ...(redis.managed ? (['redis'] as const) : []),
    ...(auth.admins.length === 0 ? (['adminLink'] as const) : []),
  ];
}

export function nameOfSecret(cluster: { name: string }, which: GeneratedSecret): string {
  const n = names(cluster);
  return { database: n.databaseSecret, redis: n.redisSecret, adminLink: n.adminLinkSecret }[which];
}

const componentOf = { database: 'postgres', redis: 'redis', adminLink: 'api' } as const;

/** `password` must be safe in a URL and in redis.conf: letters and digits. */
export function generatedSecret(context: Context, which: GeneratedSecret, password: string): KubernetesObject {
  const { cluster } = context;
  if (!/^[A-Za-z0-9]{16,}$/.test(password))
    throw new Error('a generated password must have at least 16 letters and digits, and nothing else');
  return object(
    context,
    ['v1/Secret', nameOfSecret(cluster, which)],
    { type: 'Opaque', stringData: keysOf(context, which, password) },
    // The password of a database that is kept must be kept with it.
    { component: componentOf[which], isData: which !== 'adminLink' },
  );
}

function keysOf({ cluster, n }: Context, which: GeneratedSecret, password: string): Record<string, string> {
  if (which === 'database') return { password, url: `postgres://chat:${password}@${n.postgres}:${POSTGRES_PORT}/chat` };
  // A file and no argument: arguments of a process can be read by everything on the node.
  if (which === 'redis') return { password, 'redis.conf': `requirepass ${password}\n` };
  return { token: password, url: adminLink(cluster, password) };
}

/** Without a host people come by `kubectl port-forward`. */
function adminLink(cluster: ClusterInput, token: string): string {
  return `${publicUrl(cluster) ?? `http://localhost:${HTTP_PORT}`}/#/admin-link?token=${token}`;
}
