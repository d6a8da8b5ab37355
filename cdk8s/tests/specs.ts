import type { ChatClusterSpec } from '@chatcluster/operator/api/index';
import { withDefaults } from '@chatcluster/operator/api/index';
import type { Task } from '../src/manifests/task.ts';
import type { ClusterInput, Facts } from '../src/types.ts';

export const facts: Facts = {
  capabilities: { gatewayApi: true, serviceMonitor: true, prometheusRule: true, cloudNativePG: true, keda: true },
  checksums: { 'chat-redis': 'f00d' },
  databasePool: 7,
  migration: { version: '1.4.0', applied: false },
  serverImage: 'registry.example.com/chatcluster/server:1.4.0',
  postgresImage: 'chatcluster/postgres:18',
  redisImage: 'chatcluster/redis:7',
  imagePullPolicy: 'IfNotPresent',
};

export const plainFacts: Facts = {
  ...facts,
  capabilities: { gatewayApi: false, serviceMonitor: false, prometheusRule: false, cloudNativePG: false, keda: false },
};

const smallest: ChatClusterSpec = { database: { evaluation: {} }, redis: { managed: {} } };

/** Nothing of ours but the pods of the server. */
const external: ChatClusterSpec = {
  database: { external: { urlSecretRef: { name: 'postgres', key: 'url' }, caSecretRef: { name: 'postgres', key: 'ca.crt' } } },
  redis: { external: { urlsSecretRef: { name: 'redis', key: 'urls' }, caSecretRef: { name: 'redis', key: 'ca.crt' } } },
  access: {
    host: 'chat.example.com',
    ingress: { className: 'nginx', tlsSecretName: 'chat-tls', annotations: { 'example.com/a': 'b' } },
    allowedOrigins: ['https://www.example.com'],
  },
  autoscaling: { engine: 'HPA', minReplicas: 3, behavior: { tolerancePercent: 5 } },
  limits: { messageMaxChars: 4_000, groupMaxMembers: 500 },
  auth: {
    guests: { enabled: true },
    signingKeysSecretRef: { name: 'signing' },
    admins: ['ada@example.com', 'bob@example.com'],
    providers: [
      { name: 'work', type: 'OpenIDConnect', issuer: 'https://login.example.com:8443/realms/work', clientSecretRef: { name: 'work' } },
      { name: 'github', type: 'GitHub', clientSecretRef: { name: 'github' } },
    ],
  },
  files: {
    s3: {
      endpoint: 'http://minio.storage:9000',
      bucket: 'chat',
      region: 'here',
      publicEndpoint: 'https://files.example.com',
      prefix: 'files',
      credentialsSecretRef: { name: 'bucket' },
    },
  },
  mail: { smtpSecretRef: { name: 'mail', key: 'url' }, from: 'hello@example.com' },
  push: { vapidSecretRef: { name: 'push' } },
  retention: { messages: '1w', audit: '25h' },
  backup: {
    retention: '4w',
    target: {
      s3: { endpoint: 'http://minio.storage:9000', bucket: 'backups', prefix: '/chat/', credentialsSecretRef: { name: 'bucket' } },
    },
  },
};

const everything: ChatClusterSpec = {
  version: '1.4.0',
  image: { registry: 'registry.example.com', pullSecrets: [{ name: 'pull' }] },
  replicas: 4,
  roles: { api: { replicas: 3 }, worker: { replicas: 2 }, realtime: { maxConnections: 5_000, fanout: 'StreamsAdapter' } },
  autoscaling: { engine: 'KEDA', minReplicas: 2, maxReplicas: 9 },
  database: {
    cloudNativePG: {
      storage: { size: '20Gi', storageClassName: 'fast' },
      parameters: { max_connections: '300' },
      backup: { destinationPath: 's3://backups/chat', endpointURL: 'https://s3.example.com', credentialsSecretRef: { name: 's3' } },
    },
  },
  redis: { managed: { shards: 2, storage: { size: '2Gi' } } },
  access: { host: 'chat.example.com', gateway: { parentRefs: [{ name: 'front', namespace: 'gateways', sectionName: 'https' }] } },
  shutdown: { preStopSeconds: 10, drainSeconds: 120, terminationGracePeriodSeconds: 150 },
  upgrade: { maxSurge: 2 },
  files: { volume: { size: '20Gi', storageClassName: 'shared' } },
  backup: { schedule: '30 2 * * 0', target: { volume: { size: '5Gi' } } },
  mail: { smtpSecretRef: { name: 'mail', key: 'url' } },
  monitoring: { serviceMonitor: 'Enabled', rules: 'Enabled', dashboards: 'Enabled' },
  networkPolicy: { ingressFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateways' } } }] },
  podTemplate: {
    labels: { team: 'chat' },
    annotations: { 'example.com/note': 'hello' },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'chat', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { team: 'chat' } } } },
        ],
      },
    },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' }],
    priorityClassName: 'chat',
    env: [
      { name: 'LOG_LEVEL', value: 'debug' },
      { name: 'MY_NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ],
    envFrom: [{ configMapRef: { name: 'more' } }],
    imagePullSecrets: [{ name: 'pull' }, { name: 'other' }],
    serviceAccountName: 'mine',
  },
};

export const specs = { smallest, external, everything };

export function clusterOf(
  spec: ChatClusterSpec,
  name = 'chat',
  uid: string | undefined = 'f6d2c0de-0000-4000-8000-000000000000',
): ClusterInput {
  return { name, namespace: 'team', spec: withDefaults(spec), ...(uid !== undefined && { uid }) };
}

const owner = {
  apiVersion: 'chatcluster.dev/v1beta1',
  name: 'now',
  uid: 'f6d2c0de-0000-4000-8000-000000000001',
  controller: true,
  blockOwnerDeletion: true,
};
const s3 = { endpoint: 'http://minio.storage:9000', bucket: 'backups', prefix: 'team/chat', credentialsSecretRef: { name: 'bucket' } };

/** One of each kind, to either kind of place. */
export const tasks: Record<string, Task> = {
  'a backup in a bucket': { role: 'backup', job: 'now-1', place: { s3 }, owner: { ...owner, kind: 'ChatClusterBackup' } },
  'a restore from a volume': {
    role: 'restore',
    job: 'back-1',
    place: { volume: { claimName: 'old-backups' } },
    backup: 'monday',
    owner: { ...owner, kind: 'ChatClusterRestore' },
  },
};
