import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Connection, Credentials } from './connection.ts';

/** Where the kubelet mounts the service account. */
const accountDir = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Bound tokens are rotated at 80 % of their life, an hour at the least: a minute is early enough, and what client-go does. */
const rereadMs = 60_000;

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readAccount(dir: string): Promise<Credentials> {
  const [token, ca] = await Promise.all([readFile(join(dir, 'token'), 'utf8'), readOptional(join(dir, 'ca.crt'))]);
  return { headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
}

/** As the pod's service account. `dir` and the rest are for tests. */
export async function inClusterConnection(
  env: Record<string, string | undefined>,
  { dir = accountDir, reread = rereadMs, now = () => performance.now() } = {},
): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: not inside a cluster');
  let current = await readAccount(dir);
  let readAt = now();
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: await readOptional(join(dir, 'namespace')),
    async credentials() {
      if (now() - readAt <= reread) return current;
      readAt = now();
      // In the moment of rotation, or with a full disk, the last token is still the best guess.
      current = await readAccount(dir).catch(() => current);
      return current;
    },
    invalidate() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}
