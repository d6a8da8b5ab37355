import type { KubernetesObject } from '../types.ts';
import { whenAlone } from './alone.ts';
import { type Context, object, podLabels, REDIS_PORT, selectorOf } from './context.ts';
import { containerSecurity, podSecurity } from './security.ts';
import { dataService } from './services.ts';
import { volumeClaim } from './volume.ts';

type Managed = NonNullable<Context['cluster']['spec']['redis']['managed']>;

const CONFIG = '/etc/redis';

/** With a volume a restart forgets one second at most, and routes need not be made anew. */
function args(managed: Managed): string[] {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
  return [`${CONFIG}/redis.conf`, '--dir', '/data', '--save', '', ...(managed.storage ? durable : ['--appendonly', 'no'])];
}

function container({ facts }: Context, managed: Managed): object {
  return {
    name: 'redis',
    image: facts.redisImage,
    imagePullPolicy: facts.imagePullPolicy,
    command: managed.storage ? whenAlone('/data/.alone', ['redis-server']) : ['redis-server'],
    args: args(managed),
    ports: [{ name: 'redis', containerPort: REDIS_PORT, protocol: 'TCP' }],
    resources: managed.resources,
    startupProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 5, failureThreshold: 3 },
    securityContext: containerSecurity,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'config', mountPath: CONFIG, readOnly: true },
    ],
  };
}

function shardSelector(context: Context, shard: number): Record<string, string> {
  return { ...selectorOf(context, 'redis'), 'chatcluster.dev/shard': String(shard) };
}

function statefulSet(context: Context, managed: Managed, shard: number): KubernetesObject {
  const { n, facts } = context;
  const name = n.redis(shard);
  const spec = {
    replicas: 1,
    serviceName: name,
    selector: { matchLabels: shardSelector(context, shard) },
    template: {
      metadata: {
        labels: podLabels(context, 'redis', { 'chatcluster.dev/shard': String(shard) }),
        annotations: { 'chatcluster.dev/secrets-checksum': facts.checksums[n.redisSecret] ?? '' },
      },
      spec: {
        serviceAccountName: n.dataAccount,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: podSecurity,
        terminationGracePeriodSeconds: 30,
        containers: [container(context, managed)],
        volumes: [
          managed.storage ? { name: 'data', persistentVolumeClaim: { claimName: name } } : { name: 'data', emptyDir: {} },
          { name: 'config', secret: { secretName: n.redisSecret, items: [{ key: 'redis.conf', path: 'redis.conf' }], defaultMode: 0o440 } },
        ],
      },
    },
  };
  return object(
    context,
    ['apps/v1/StatefulSet', name],
    { spec },
    { component: 'redis', labels: { 'chatcluster.dev/shard': String(shard) } },
  );
}

/** Independent servers, one StatefulSet each: conversations are spread over them by the pods. */
export function managedRedis(context: Context): KubernetesObject[] {
  const { managed } = context.cluster.spec.redis;
  if (!managed) return [];
  return Array.from({ length: managed.shards }, (_, shard) => {
    const name = context.n.redis(shard);
    const service = dataService(context, name, 'redis', REDIS_PORT);
    service.spec = { ...(service.spec as object), selector: shardSelector(context, shard) };
    const claim = managed.storage ? [volumeClaim(context, { name, component: 'redis', storage: managed.storage })] : [];
    return [...claim, service, statefulSet(context, managed, shard)];
  }).flat();
}
