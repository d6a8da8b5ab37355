import { Gauge, type Registry } from 'prom-client';
import type { Watches } from './watches.ts';

/** What the status of each ChatCluster says, for alerts. */
export function registerClusterMetrics(registry: Registry, watches: Pick<Watches, 'cluster' | 'clusterKeys'>): void {
  const gauge = (name: string, help: string, read: (key: string) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'name'],
      registers: [registry],
      collect() {
        this.reset();
        for (const key of watches.clusterKeys()) {
          const [namespace = '', cluster = ''] = key.split('/');
          const value = read(key);
          if (value !== undefined) this.set({ namespace, name: cluster }, value);
        }
      },
    });
  const status = (key: string) => watches.cluster(key)?.status;
  const holds = (key: string, type: string) =>
    Number(status(key)?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false);
  gauge('chatcluster_ready', '1 when the condition Ready holds', (key) => holds(key, 'Ready'));
  gauge('chatcluster_degraded', '1 when the condition Degraded holds', (key) => holds(key, 'Degraded'));
  gauge('chatcluster_backup_healthy', '1 when the last backup is there and in time; absent where none is asked for', (key) => {
    const found = status(key)?.conditions?.find(({ type }) => type === 'BackupHealthy');
    return found === undefined || found.status === 'Unknown' ? undefined : Number(found.status === 'True');
  });
  gauge('chatcluster_connections', 'Connected sockets, rounded', (key) => status(key)?.connections);
  gauge('chatcluster_realtime_pods_ready', 'Realtime pods that are ready', (key) => status(key)?.readyReplicas);
  gauge('chatcluster_realtime_pods_desired', 'Realtime pods that the autoscaler wants', (key) => status(key)?.autoscaler?.desired);
}
