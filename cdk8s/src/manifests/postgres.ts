import type { KubernetesObject } from '../types.ts';
import { whenAlone } from './alone.ts';
import { compact, type Context, object, podLabels, POSTGRES_PORT, selectorOf } from './context.ts';
import { containerSecurity, podSecurity } from './security.ts';
import { dataService } from './services.ts';
import { volumeClaim } from './volume.ts';

const DATA = '/var/lib/postgresql';

/** The variables are those of the official image, so that either image works. */
function container(context: Context, resources: object): object {
  const { facts } = context;
  return {
    name: 'postgres',
    image: facts.postgresImage,
    imagePullPolicy: facts.imagePullPolicy,
    command: whenAlone(`${DATA}/.alone`, ['docker-entrypoint.sh', 'postgres']),
    env: [
      { name: 'POSTGRES_USER', value: 'chat' },
      { name: 'POSTGRES_DB', value: 'chat' },
      { name: 'POSTGRES_PASSWORD_FILE', value: '/run/secrets/postgres/password' },
      { name: 'PGDATA', value: `${DATA}/18/docker` },
    ],
    ports: [{ name: 'postgres', containerPort: POSTGRES_PORT, protocol: 'TCP' }],
    resources,
    startupProbe: { tcpSocket: { port: 'postgres' }, periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: { tcpSocket: { port: 'postgres' }, periodSeconds: 5, failureThreshold: 3 },
    securityContext: containerSecurity,
    volumeMounts: [
      { name: 'data', mountPath: DATA },
      { name: 'password', mountPath: '/run/secrets/postgres', readOnly: true },
      { name: 'sockets', mountPath: '/var/run/postgresql' },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** One small Postgres, to try things out. Its volume is an object of its own, so that it can grow and can be kept. */
export function evaluationPostgres(context: Context): KubernetesObject[] {
  const { n, cluster } = context;
  const { evaluation } = cluster.spec.database;
  if (!evaluation) return [];
  const spec = {
    replicas: 1,
    serviceName: n.postgres,
    selector: { matchLabels: selectorOf(context, 'postgres') },
    template: {
      metadata: { labels: podLabels(context, 'postgres') },
      spec: compact({
        serviceAccountName: n.dataAccount,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: podSecurity,
        terminationGracePeriodSeconds: 60,
        containers: [container(context, evaluation.resources)],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: n.postgres } },
          {
            name: 'password',
            secret: { secretName: n.databaseSecret, items: [{ key: 'password', path: 'password' }], defaultMode: 0o440 },
          },
          { name: 'sockets', emptyDir: { sizeLimit: '1Mi' } },
          { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        ],
      }),
    },
  };
  return [
    volumeClaim(context, { name: n.postgres, component: 'postgres', storage: evaluation.storage }),
    dataService(context, n.postgres, 'postgres', POSTGRES_PORT),
    object(context, ['apps/v1/StatefulSet', n.postgres], { spec }, { component: 'postgres' }),
  ];
}
