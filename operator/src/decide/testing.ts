import { type ChatCluster, type ChatClusterSpec, type ChatClusterStatus, withDefaults } from '../api/index.ts';
import type { Child } from '../gather/lean.ts';
import type { Observed } from '../gather/observed.ts';

export const smallest: ChatClusterSpec = { database: { evaluation: {} }, redis: { managed: {} } };
export const nowMs = Date.parse('2026-01-01T00:00:00Z');

export interface World {
  spec?: ChatClusterSpec;
  status?: ChatClusterStatus;
  children?: Record<string, Partial<Child>>;
  more?: Partial<Observed>;
}

/** A world in which nothing exists but what is given. */
export function observe({ spec = smallest, status, children = {}, more = {} }: World = {}): Observed {
  const cluster = {
    apiVersion: 'chatcluster.dev/v1beta1',
    kind: 'ChatCluster',
    metadata: { name: 'chat', namespace: 'here', uid: 'uid', generation: 3, resourceVersion: '1', creationTimestamp: '' },
    spec,
    ...(status && { status }),
  } as ChatCluster;
  const entries = Object.entries(children).map(([id, child]) => {
    const [kind = '', name = ''] = id.split('/');
    return [id, { apiVersion: '', kind, fingerprint: '', ...child, metadata: { name, ...child.metadata } } as Child] as const;
  });
  return {
    cluster,
    spec: withDefaults(spec),
    children: new Map(entries),
    pods: [],
    capabilities: { gatewayApi: false, serviceMonitor: false, prometheusRule: false, cloudNativePG: false, keda: false },
    secrets: new Map(),
    restores: [],
    loads: new Map(),
    settings: {
      version: '1.0.0',
      serverImage: 'chatcluster/server',
      postgresImage: 'postgres',
      redisImage: 'redis',
      imagePullPolicy: 'IfNotPresent',
      scalerUrl: 'http://operator:9090',
    },
    migrationAttempts: 0,
    nowMs,
    ...more,
  };
}
