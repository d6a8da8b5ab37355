import {
  ADMIN_PORT,
  compact,
  type Context,
  hashOf,
  HTTP_PORT,
  isServing,
  type JobRole,
  podLabels,
  type Role,
  selectorOf,
} from './context.ts';
import { type EnvVar, serverEnv, serverSettings } from './server-env.ts';
import { featureAffinity, featureMounts, type Mount, providerSettings } from './server-features.ts';
import { containerSecurity, podSecurity } from './security.ts';

const probe = (path: string, timing: object) => ({ httpGet: { path, port: 'admin' }, ...timing });

/** The admin port opens once Postgres answers, so a first start may take as long as the database does. */
const probes = {
  startupProbe: probe('/livez', { periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 300 }),
  readinessProbe: probe('/readyz', { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 }),
  livenessProbe: probe('/livez', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }),
};

function spread(context: Context, role: Role | JobRole): object[] | undefined {
  if (!isServing(role)) return undefined;
  const labelSelector = { matchLabels: selectorOf(context, role) };
  const given = context.cluster.spec.podTemplate.topologySpreadConstraints;
  if (given) return given.map((constraint) => ({ ...constraint, labelSelector }));
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector,
    // Old and new pods of a rollout are spread each for themselves.
    matchLabelKeys: ['pod-template-hash'],
  }));
}

function pullSecrets({ spec }: Context['cluster']): { name: string }[] | undefined {
  const all = [...spec.image.pullSecrets, ...spec.podTemplate.imagePullSecrets].map(({ name }) => name);
  return all.length > 0 ? [...new Set(all)].map((name) => ({ name })) : undefined;
}

/** What a Job gets besides. */
interface More {
  env: EnvVar[];
  mounts: Mount[];
}

function container(context: Context, role: Role | JobRole, { env, mounts }: More): object {
  const { cluster, facts, n } = context;
  const { podTemplate, shutdown, roles } = cluster.spec;
  const ports = [
    ...(role === 'realtime' || role === 'api' ? [{ name: 'http', containerPort: HTTP_PORT, protocol: 'TCP' }] : []),
    { name: 'admin', containerPort: ADMIN_PORT, protocol: 'TCP' },
  ];
  return compact({
    name: 'server',
    image: facts.serverImage,
    imagePullPolicy: facts.imagePullPolicy,
    // Later entries win over earlier ones, and variables over both.
    envFrom: [...(podTemplate.envFrom ?? []), { configMapRef: { name: n.config } }],
    env: [...serverEnv(context, role), ...env],
    ports: isServing(role) ? ports : undefined,
    resources: roles[isServing(role) ? role : 'worker'].resources,
    ...(isServing(role) && probes),
    // Endpoints settle before the drain begins, else the last connections come to a pod that takes none.
    lifecycle: isServing(role) && shutdown.preStopSeconds > 0 ? { preStop: { sleep: { seconds: shutdown.preStopSeconds } } } : undefined,
    securityContext: containerSecurity,
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...[...featureMounts(context, role), ...mounts].map(({ volume: _volume, ...mount }) => mount),
    ],
  });
}

/** Hashes of what pods read when they start, so that a change rolls them. A Job starts once. */
function annotationsOf(context: Context, role: Role | JobRole): Record<string, string> | undefined {
  const { annotations } = context.cluster.spec.podTemplate;
  if (!isServing(role)) return annotations;
  const checksums = Object.entries(context.facts.checksums).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...annotations,
    'chatcluster.dev/config-checksum': hashOf({ ...serverSettings(context), ...providerSettings(context.cluster.spec) }),
    'chatcluster.dev/secrets-checksum': hashOf(checksums),
  };
}

function affinityOf(context: Context, role: Role | JobRole): object | undefined {
  const podAffinity = featureAffinity(context, role);
  const { affinity } = context.cluster.spec.podTemplate;
  return podAffinity ? { ...affinity, podAffinity } : affinity;
}

export function serverPod(
  context: Context,
  role: Role | JobRole,
  more: More = { env: [], mounts: [] },
): { metadata: object; spec: object } {
  const { cluster, n } = context;
  const { podTemplate, shutdown } = cluster.spec;
  return {
    metadata: compact({ labels: podLabels(context, role, podTemplate.labels), annotations: annotationsOf(context, role) }),
    spec: compact({
      serviceAccountName: podTemplate.serviceAccountName ?? n.serverAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity,
      terminationGracePeriodSeconds: isServing(role) ? shutdown.terminationGracePeriodSeconds : undefined,
      restartPolicy: isServing(role) ? undefined : 'Never',
      imagePullSecrets: pullSecrets(cluster),
      nodeSelector: podTemplate.nodeSelector,
      tolerations: podTemplate.tolerations,
      affinity: affinityOf(context, role),
      priorityClassName: podTemplate.priorityClassName,
      topologySpreadConstraints: spread(context, role),
      containers: [container(context, role, more)],
      volumes: [
        { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        ...[...featureMounts(context, role), ...more.mounts].map(({ name, volume }) => ({ name, ...volume })),
      ],
    }),
  };
}
