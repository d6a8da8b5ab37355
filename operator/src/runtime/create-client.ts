import { createKubeClient } from './client.ts';
import type { KubeClient } from './client-types.ts';
import { type ClusterSource, openConnection } from './kube-config.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { createTransport, type TransportOptions } from './transport.ts';

export interface ClientOptions extends Omit<TransportOptions, 'observe'> {
  metrics?: RuntimeMetrics;
}

export async function createClient(source: ClusterSource, { metrics, ...options }: ClientOptions = {}): Promise<KubeClient> {
  const connection = await openConnection(source);
  return createKubeClient(createTransport(connection, { ...options, observe: metrics?.observeRequest }));
}
