import { names } from '../names.ts';
import type { ClusterInput, KubernetesObject } from '../types.ts';
import { compact, type Context, object, podLabels } from './context.ts';
import type { EnvVar } from './server-env.ts';
import { type Mount, secret, secondsOf } from './server-features.ts';
import { serverPod } from './server-pod.ts';
import { volumeClaim } from './volume.ts';

const FOLDER = '/backups';
/** A dump that takes longer hangs. */
const DEADLINE_SECONDS = 6 * 3_600;
/** What the server ends with when trying again cannot help. */
const HOPELESS = [65, 78];

/** One of the two. `prefix` is the whole folder of one installation. */
export interface BackupPlace {
  s3?: { endpoint?: string; bucket: string; region?: string; prefix: string; credentialsSecretRef: { name: string } };
  volume?: { claimName: string };
}

/** Where the backups of a ChatCluster are: in a bucket in a folder of its own, so that several may share one. */
export function backupPlace({ name, namespace, spec }: ClusterInput): BackupPlace | undefined {
  const target = spec.backup?.target;
  if (target?.volume) return { volume: { claimName: names({ name }).backups } };
  return target?.s3 && { s3: { ...target.s3, prefix: folderIn(target.s3.prefix, { namespace, name }) } };
}

/** Inside of a bucket. */
export function folderIn(prefix: string | undefined, { namespace, name }: { namespace: string; name: string }): string {
  return [prefix?.replace(/^\/+|\/+$/g, ''), namespace, name].filter(Boolean).join('/');
}

function placeEnv({ s3 }: BackupPlace): EnvVar[] {
  if (!s3) return [{ name: 'BACKUP_DIR', value: FOLDER }];
  const { endpoint, bucket, region, prefix, credentialsSecretRef } = s3;
  const plain = { ENDPOINT: endpoint, BUCKET: bucket, REGION: region, PREFIX: prefix };
  return [
    ...Object.entries(plain).flatMap(([name, value]) => (value === undefined ? [] : [{ name: `BACKUP_S3_${name}`, value }])),
    secret('BACKUP_S3_ACCESS_KEY_ID', credentialsSecretRef.name, 'ACCESS_KEY_ID'),
    secret('BACKUP_S3_SECRET_ACCESS_KEY', credentialsSecretRef.name, 'ACCESS_SECRET_KEY'),
  ];
}

function placeMounts({ volume }: BackupPlace): Mount[] {
  if (!volume) return [];
  return [{ name: 'backups', mountPath: FOLDER, volume: { persistentVolumeClaim: volume } }];
}

/** A Job that does one thing with backups and ends. `env`: what this one is told besides the place. */
export function taskJob(context: Context, role: 'backup' | 'restore', { place, env }: { place: BackupPlace; env: EnvVar[] }): object {
  const all: EnvVar[] = [
    ...placeEnv(place),
    ...env,
    // Shown as the end of the container, which the operator reads.
    { name: 'BACKUP_RESULT_FILE', value: '/dev/termination-log' },
  ];
  const onExitCodes = { containerName: 'server', operator: 'In', values: HOPELESS };
  return {
    backoffLimit: 2,
    activeDeadlineSeconds: DEADLINE_SECONDS,
    podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes }] },
    template: serverPod(context, role, { env: all, mounts: placeMounts(place) }),
  };
}

/** A pod that takes over from one that died goes on with the same backup. */
export const nameOfJob: EnvVar = {
  name: 'BACKUP_NAME',
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
};

function cronJob(context: Context, place: BackupPlace, { schedule, retention }: { schedule: string; retention: string }): KubernetesObject {
  const env = [nameOfJob, { name: 'BACKUP_RETENTION_SECONDS', value: String(secondsOf(retention)) }];
  const spec = {
    schedule,
    timeZone: 'Etc/UTC',
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 3_600,
    successfulJobsHistoryLimit: 2,
    failedJobsHistoryLimit: 2,
    jobTemplate: { metadata: { labels: podLabels(context, 'backup') }, spec: taskJob(context, 'backup', { place, env }) },
  };
  return object(context, ['batch/v1/CronJob', context.n.backup], { spec }, { component: 'backup' });
}

/** The volume outlives the ChatCluster in any case. */
export function backupObjects(context: Context): KubernetesObject[] {
  const { cluster, n } = context;
  const { backup } = cluster.spec;
  const place = backupPlace(cluster);
  if (backup === undefined || place === undefined) return [];
  const { volume } = backup.target;
  return [
    ...(volume ? [volumeClaim(context, { name: n.backups, component: 'backup', storage: compact(volume), isKept: true })] : []),
    cronJob(context, place, backup),
  ];
}
