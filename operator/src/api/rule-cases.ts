/** For every rule a value that is refused and one that is not. `from` is what was stored before, for rules about changes. */
export interface RuleCase {
  /** Field of the spec that is set; `name` is the name of the object. */
  at: string;
  bad: unknown;
  good: unknown;
  from?: unknown;
}

const secret = { name: 'credentials' };
const url = { name: 'credentials', key: 'url' };
const bucket = { bucket: 'chat', credentialsSecretRef: secret };
const provider = (more: object) => [
  { name: 'work', type: 'OpenIDConnect', issuer: 'https://login.example.com', clientSecretRef: secret, ...more },
];
const cnpgBackup = { destinationPath: 's3://backups/chat', credentialsSecretRef: secret };
const variable = (more: object) => [{ name: 'LOG_LEVEL', value: 'debug', ...more }];

const spread = (more: object) => ({ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', ...more });

const onNodes = (more: object) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', ...more }] }] },
  },
});

export const ruleCases: RuleCase[] = [
  { at: 'name', bad: 'a-name-that-is-longer-than-forty-characters', good: 'a-name-that-has-no-more-than-forty-chars' },
  { at: 'name', bad: 'team.chat', good: 'team-chat' },
  { at: 'name', bad: '1chat', good: 'chat1' },
  { at: 'version', bad: '1.4 beta', good: '1.4.0-beta.1' },
  { at: 'image.registry', bad: 'https://registry.example.com', good: 'registry.example.com:5000' },
  { at: 'image.repository', bad: 'Chat Server', good: 'our/chat-server' },
  { at: 'image.digest', bad: 'sha256:12', good: `sha256:${'0f'.repeat(32)}` },
  { at: 'replicas', bad: 0, good: 1 },
  {
    at: 'roles.api.resources',
    bad: { requests: { memory: '1Gi', cpu: 1 }, limits: { memory: '512Mi', cpu: '1500m' } },
    good: { requests: { memory: '512Mi', cpu: 1 }, limits: { memory: '1Gi', cpu: '1000m' } },
  },
  { at: 'autoscaling', bad: { minReplicas: 5, maxReplicas: 4 }, good: { minReplicas: 4, maxReplicas: 4 } },
  { at: 'database', bad: {}, good: { external: { urlSecretRef: url } } },
  { at: 'database', bad: { evaluation: {}, cloudNativePG: {} }, good: { cloudNativePG: {} } },
  { at: 'database', from: { evaluation: {} }, bad: { cloudNativePG: {} }, good: { evaluation: {}, deletionPolicy: 'Delete' } },
  { at: 'database.evaluation.storage.size', bad: 'much', good: '1.5Gi' },
  { at: 'database.evaluation.storage.size', bad: '0', good: '500M' },
  { at: 'database.evaluation.storage.size', from: '2Gi', bad: '1Gi', good: '2048Mi' },
  { at: 'database.evaluation.storage.storageClassName', from: 'fast', bad: 'slow', good: 'fast' },
  { at: 'database.evaluation.storage', from: {}, bad: { storageClassName: 'fast' }, good: { size: '2Gi' } },
  {
    at: 'database',
    bad: { cloudNativePG: { backup: { ...cnpgBackup, destinationPath: 'backups' } } },
    good: { cloudNativePG: { backup: cnpgBackup } },
  },
  {
    at: 'database',
    bad: { cloudNativePG: { backup: { ...cnpgBackup, endpointURL: 's3.example.com' } } },
    good: { cloudNativePG: { backup: { ...cnpgBackup, endpointURL: 'https://s3.example.com' } } },
  },
  { at: 'redis', bad: {}, good: { external: { urlsSecretRef: url } } },
  { at: 'redis', bad: { external: { urlsSecretRef: url }, managed: {} }, good: { managed: { shards: 3 } } },
  { at: 'redis.managed', from: { storage: {} }, bad: {}, good: { storage: { size: '2Gi' } } },
  { at: 'access', bad: { ingress: {} }, good: { host: 'chat.example.com', ingress: {} } },
  {
    at: 'access',
    bad: { gateway: { parentRefs: [{ name: 'front' }] } },
    good: { host: 'chat.example.com', gateway: { parentRefs: [{ name: 'front' }] } },
  },
  {
    at: 'access',
    bad: { host: 'chat.example.com', ingress: {}, gateway: { parentRefs: [{ name: 'front' }] } },
    good: { host: 'chat.example.com', ingress: {} },
  },
  {
    at: 'access.gateway',
    bad: { parentRefs: [{ name: 'front' }, { name: 'front', kind: 'Gateway' }] },
    good: { parentRefs: [{ name: 'front' }, { name: 'front', namespace: 'gateways' }] },
  },
  {
    at: 'access.gateway',
    bad: { parentRefs: [{ name: 'front', sectionName: 'http' }, { name: 'front' }] },
    good: {
      parentRefs: [
        { name: 'front', sectionName: 'http' },
        { name: 'front', sectionName: 'https' },
      ],
    },
  },
  {
    at: 'access.gateway',
    bad: {
      parentRefs: [
        { name: 'front', sectionName: 'https', port: 443 },
        { name: 'front', sectionName: 'https', port: 8443 },
      ],
    },
    good: { parentRefs: [{ name: 'front' }, { name: 'front', group: 'example.com' }] },
  },
  { at: 'access.host', bad: 'https://chat.example.com/', good: 'chat.example.com' },
  { at: 'access.host', bad: '192.0.2.7', good: 'localhost' },
  { at: 'access.allowedOrigins', bad: ['https://www.example.com/chat'], good: ['https://www.example.com'] },
  { at: 'access.trustedProxies', bad: ['my-proxy'], good: ['10.0.0.0/8', '2001:db8::/32', 'loopback'] },
  { at: 'auth.providers', bad: provider({ name: 'Our Work' }), good: provider({}) },
  { at: 'auth.providers', bad: provider({ issuer: 'http://login.example.com' }), good: provider({}) },
  { at: 'auth.providers', bad: provider({ issuer: undefined }), good: provider({ type: 'GitHub', issuer: undefined }) },
  { at: 'auth.providers', bad: [...provider({}), ...provider({})], good: [...provider({}), ...provider({ name: 'other' })] },
  { at: 'auth.admins', bad: ['ada'], good: ['ada@example.com'] },
  { at: 'files', bad: {}, good: { volume: {} } },
  { at: 'files', bad: { s3: bucket, volume: {} }, good: { s3: bucket } },
  { at: 'files', bad: { s3: { ...bucket, endpoint: 'minio:9000' } }, good: { s3: { ...bucket, endpoint: 'http://minio:9000' } } },
  { at: 'auth', bad: { providers: provider({}) }, good: { guests: { enabled: true } } },
  { at: 'mail.from', bad: 'chat', good: 'chat@example.com' },
  {
    at: 'files',
    bad: { s3: { ...bucket, publicEndpoint: 'files' } },
    good: { s3: { ...bucket, publicEndpoint: 'https://files.example.com' } },
  },
  { at: 'retention.messages', bad: 'a year', good: '365d' },
  { at: 'retention.audit', bad: '0d', good: '2w' },
  { at: 'shutdown', bad: { preStopSeconds: 5, drainSeconds: 85 }, good: { preStopSeconds: 5, drainSeconds: 84 } },
  { at: 'backup', bad: { target: {} }, good: { target: { volume: {} } } },
  { at: 'backup.schedule', bad: 'every night', good: '*/30 2 * * MON-FRI' },
  { at: 'backup.schedule', bad: '60 3 * * *', good: '59 3,15 1-7/2 12 0' },
  { at: 'podTemplate.labels', bad: { 'app.kubernetes.io/name': 'mine' }, good: { team: 'chat' } },
  { at: 'podTemplate.env', bad: variable({ name: 'log-level' }), good: variable({}) },
  { at: 'podTemplate.env', bad: variable({ name: 'ROLE' }), good: variable({ name: 'ROLES' }) },
  { at: 'podTemplate.env', bad: variable({ valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }), good: variable({}) },
  {
    at: 'podTemplate.env',
    bad: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' }, secretKeyRef: url } }],
    good: [{ name: 'A', valueFrom: { secretKeyRef: url } }],
  },
  { at: 'podTemplate.env', bad: [...variable({}), ...variable({})], good: [...variable({}), ...variable({ name: 'TZ' })] },
  {
    at: 'podTemplate.topologySpreadConstraints',
    bad: [spread({ maxSkew: 1 }), spread({ maxSkew: 2 })],
    good: [spread({}), spread({ whenUnsatisfiable: 'ScheduleAnyway' })],
  },
  { at: 'podTemplate.envFrom', bad: [{}], good: [{ secretRef: secret }] },
  { at: 'podTemplate.tolerations', bad: [{ operator: 'Exists', value: 'yes' }], good: [{ key: 'chat', value: 'yes' }] },
  {
    at: 'podTemplate.tolerations',
    bad: [{ key: 'chat', tolerationSeconds: 5 }],
    good: [{ key: 'chat', effect: 'NoExecute', tolerationSeconds: 5 }],
  },
  { at: 'podTemplate.affinity', bad: onNodes({ operator: 'In' }), good: onNodes({ operator: 'In', values: ['a'] }) },
];

/** The smallest object with one field set. Objects on the way are made. */
export function objectWith(at: string, value: unknown, name = 'chat'): Record<string, unknown> {
  const spec: Record<string, unknown> = { database: { evaluation: {} }, redis: { managed: {} } };
  if (at === 'backup.schedule') spec.backup = { target: { volume: {} } };
  if (at === 'mail.from') spec.mail = { smtpSecretRef: url };
  if (['mail.from', 'auth.providers', 'access.gateway'].includes(at)) spec.access = { host: 'chat.example.com' };
  if (at !== 'name') {
    const path = at.split('.');
    const last = path.pop()!;
    let holder = spec;
    for (const part of path) holder = (holder[part] ??= {}) as Record<string, unknown>;
    holder[last] = value;
  }
  const metadata = { name: at === 'name' ? value : name, namespace: 'default' };
  return { apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', metadata, spec };
}
