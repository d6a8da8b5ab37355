import type { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
import type { Connection, Credentials } from './connection.ts';
import { inClusterConnection } from './in-cluster.ts';

/** Where to find the API server. */
export type ClusterSource =
  | { kubeconfig: string; context?: string }
  | { inCluster: true; env?: Record<string, string | undefined> }
  | { connection: Connection };

/** Exec plugins keep their own cache until the credential expires; this only saves reading certificate files for every request. */
const cacheMs = 30_000;

/** Loaded on demand: the library takes 85 MB and over half a second, and inside a cluster nothing of it is needed. */
async function loadKubeConfig(source: { kubeconfig: string; context?: string }): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(source.kubeconfig);
  if (source.context) config.setCurrentContext(source.context);
  return config;
}

/** RequestOptions types these as wider than what kubeconfigs give. */
const text = (value: unknown): string | Buffer | undefined => (typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined);

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) if (value !== undefined) headers[name.toLowerCase()] = String(value);
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return {
    headers,
    tls: {
      ca: text(options.ca),
      cert: text(options.cert),
      key: text(options.key),
      servername: options.servername,
      rejectUnauthorized: options.rejectUnauthorized,
    },
  };
}

async function kubeconfigConnection(source: { kubeconfig: string; context?: string }): Promise<Connection> {
  let config = await loadKubeConfig(source);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`${source.kubeconfig}: context ${config.getCurrentContext()} names no known cluster`);
  if (cluster.proxyUrl) throw new Error(`${source.kubeconfig}: proxy-url is not supported`);
  let cached: { value: Promise<Credentials>; at: number } | undefined;
  let stale = false;
  const load = async () => {
    // A new KubeConfig forgets what exec plugins answered, and reads a file that was written anew.
    if (stale) config = await loadKubeConfig(source);
    stale = false;
    return credentialsOf(config);
  };
  return {
    server: cluster.server.replace(/\/$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    credentials() {
      if (!cached || performance.now() - cached.at > cacheMs) {
        const entry = { value: load(), at: performance.now() };
        cached = entry;
        // A failed plugin is asked again by the next request.
        entry.value.catch(() => {
          if (cached === entry) cached = undefined;
        });
      }
      return cached.value;
    },
    invalidate() {
      cached = undefined;
      stale = true;
    },
  };
}

export async function openConnection(source: ClusterSource): Promise<Connection> {
  if ('connection' in source) return source.connection;
  return 'inCluster' in source ? inClusterConnection(source.env ?? process.env) : kubeconfigConnection(source);
}
