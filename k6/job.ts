/** `node k6/job.ts smoke my-chat | kubectl apply -f -`: the scenario as a Job that runs beside the pods. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Env } from './lib/settings.ts';

export interface JobOptions {
  scenario: string;
  /** The ChatCluster that is loaded, in the Job's namespace. */
  cluster: string;
  namespace?: string;
  /** @default chatcluster/k6:2.2.0; any image with k6 1.0 or newer works, such as grafana/k6. */
  image?: string;
  /** Settings of the scenario, as in `k6/README.md`. */
  env?: Env;
}

export const K6_IMAGE = 'chatcluster/k6:2.2.0';
const MOUNT = '/scripts';
/** That of the official image; any id but 0 does. */
export const K6_USER = 12_345;

/** A ConfigMap has no folders: the key is the path with `__` for `/`, and the volume puts it back. */
function scripts(): { key: string; path: string; text: string }[] {
  return globSync('{lib,scenarios}/*.ts', { cwd: import.meta.dirname })
    .filter((path) => !path.endsWith('.test.ts'))
    .sort()
    .map((path) => ({ key: path.replace('/', '__'), path, text: readFileSync(join(import.meta.dirname, path), 'utf8') }));
}

function container({ scenario, cluster, image = K6_IMAGE, env = {} }: JobOptions) {
  const settings: Env = {
    URL: `http://${cluster}-realtime:8080`,
    REST_URL: `http://${cluster}:8080`,
    K6_SUMMARY: 'stdout',
    K6_NO_USAGE_REPORT: 'true',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    ...env,
  };
  return {
    name: 'k6',
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['run', '--quiet', '--no-color', '--log-format=raw', `${MOUNT}/scenarios/${scenario}.ts`],
    env: Object.entries(settings).flatMap(([name, value]) => (value ? [{ name, value }] : [])),
    resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '2Gi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'scripts', mountPath: MOUNT, readOnly: true }],
  };
}

/** Satisfies Pod Security "restricted"; the Job never repeats a run that crossed a threshold. */
export function renderJob(options: JobOptions): object[] {
  const { scenario, cluster, namespace } = options;
  const name = `${cluster}-k6-${scenario}`;
  const labels = { 'app.kubernetes.io/name': 'k6', 'app.kubernetes.io/instance': cluster, 'app.kubernetes.io/component': scenario };
  const metadata = { name, ...(namespace ? { namespace } : {}), labels };
  const files = scripts();
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(files.map(({ key, text }) => [key, text])) },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata,
      spec: {
        backoffLimit: 0,
        ttlSecondsAfterFinished: 86_400,
        template: {
          metadata: { labels },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: K6_USER, runAsGroup: K6_USER, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [container(options)],
            volumes: [{ name: 'scripts', configMap: { name, items: files.map(({ key, path }) => ({ key, path })) } }],
          },
        },
      },
    },
  ];
}

if (import.meta.main) {
  const [scenario = 'smoke', cluster = 'chat'] = process.argv.slice(2);
  const { K6_IMAGE: image, NAMESPACE, VUS, SOCKETS, RATE, DURATION, P99_MS, URL, REST_URL } = process.env;
  const env = Object.fromEntries(Object.entries({ VUS, SOCKETS, RATE, DURATION, P99_MS, URL, REST_URL }).filter(([, value]) => value));
  const objects = renderJob({ scenario, cluster, namespace: NAMESPACE, image, env });
  process.stdout.write(objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'));
}
