import { ADMIN_PORT, compact } from '../manifests/context.ts';
import { containerSecurity, podSecurity } from '../manifests/security.ts';
import type { KubernetesObject } from '../types.ts';
import { object, type ResolvedOptions, selectorOf } from './options.ts';

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const probe = (path: string, timing: object) => ({ httpGet: { path, port: 'admin' }, ...timing });

/**
 * Read when a process starts, which is too late for the program itself. V8 would keep up to 48 MiB for young objects; glibc
 * would keep what long lists took for a moment, with a thousand ChatClusters 20 MiB.
 */
export const memorySettings: Record<string, string> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
  NODE_OPTIONS: '--max-semi-space-size=2',
};

function container(options: ResolvedOptions): object {
  const value = (name: string, of: string) => ({ name, value: of });
  return {
    name: 'operator',
    image: `${options.image}:${options.version}`,
    imagePullPolicy: options.imagePullPolicy,
    env: [
      field('POD_NAME', 'metadata.name'),
      field('POD_NAMESPACE', 'metadata.namespace'),
      value('ADMIN_PORT', String(ADMIN_PORT)),
      value('IMAGE_PULL_POLICY', options.imagePullPolicy),
      value('LEASE_NAME', options.name),
      value('LOG_LEVEL', options.logLevel),
      value('POSTGRES_IMAGE', options.postgresImage),
      value('REDIS_IMAGE', options.redisImage),
      value('SERVER_IMAGE', options.serverImage),
      value('VERSION', options.version),
      value('WATCH_NAMESPACES', options.watchNamespaces.join(',')),
      ...Object.entries(memorySettings).map(([name, of]) => value(name, of)),
    ],
    ports: [{ name: 'admin', containerPort: ADMIN_PORT, protocol: 'TCP' }],
    startupProbe: probe('/livez', { periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 60 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }),
    resources: options.resources,
    securityContext: containerSecurity,
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
}

export function operatorDeployment(options: ResolvedOptions): KubernetesObject {
  const matchLabels = selectorOf(options);
  const pod = compact({
    serviceAccountName: options.name,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    securityContext: podSecurity,
    terminationGracePeriodSeconds: 30,
    imagePullSecrets: options.imagePullSecrets.length > 0 ? options.imagePullSecrets.map((name) => ({ name })) : undefined,
    nodeSelector: options.nodeSelector,
    tolerations: options.tolerations,
    affinity: options.affinity,
    priorityClassName: options.priorityClassName,
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels } },
    ],
    containers: [container(options)],
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '16Mi' } }],
  });
  const spec = {
    replicas: options.replicas,
    revisionHistoryLimit: 3,
    selector: { matchLabels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: { metadata: { labels: { ...options.labels, ...matchLabels } }, spec: pod },
  };
  return object(options, 'apps/v1/Deployment', { spec });
}

export function operatorService(options: ResolvedOptions): KubernetesObject {
  const ports = [{ name: 'admin', port: ADMIN_PORT, targetPort: 'admin', protocol: 'TCP' }];
  return object(options, 'v1/Service', { spec: { type: 'ClusterIP', ports, selector: selectorOf(options) } });
}

export function operatorDisruptionBudget(options: ResolvedOptions): KubernetesObject {
  const spec = { maxUnavailable: 1, selector: { matchLabels: selectorOf(options) }, unhealthyPodEvictionPolicy: 'AlwaysAllow' };
  return object(options, 'policy/v1/PodDisruptionBudget', { spec });
}
