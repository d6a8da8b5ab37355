import { names } from '@chatcluster/cdk8s/names';
import { Cron } from 'croner';
import { BACKUP_KIND } from '../api/index.ts';
import type { Child } from '../gather/lean.ts';
import type { Observed } from '../gather/observed.ts';
import { readJob } from './deployment-state.ts';

/** What the program with the role `backup` or `restore` said at its end; see server/src/backup/run.ts. */
export interface TaskResult {
  ok: boolean;
  reason?: string;
  message?: string;
  notRemoved?: string;
  name?: string;
  rows?: number;
  bytes?: number;
  tables?: number;
  conversations?: number;
  startedAt?: string;
}

/** On the Job of a ChatClusterBackup whose backup is not where the regular ones of its ChatCluster are. */
export const elsewhereAnnotation = 'chatcluster.dev/elsewhere';

export interface Backups {
  /** The newest one that is complete. */
  last?: { name: string; atMs: number };
  /** The newest failure, when nothing succeeded since. */
  failure?: { job: string; message: string };
  isRunning: boolean;
  /** The next time by the schedule. */
  nextAtMs?: number;
  /** From here on too much was missed: two times in a row. */
  overdueAtMs?: number;
}

/** From the Jobs that exist, and from what the status remembers of those that are gone. */
export function findBackups({ cluster, spec, children, pods }: Observed): Backups {
  const jobs = [...children.values()]
    .filter(isBackupJob)
    .map((job) => ({ name: job.metadata.name, isOnDemand: isOnDemand(job), ...readJob(job) }));
  const ended = jobs.filter((job) => job.state !== 'running').sort((a, b) => b.atMs - a.atMs);
  const remembered = cluster.status?.lastBackup;
  const done = ended.find(({ state }) => state === 'succeeded');
  const last = newest([
    ...(done ? [{ name: done.name, atMs: done.atMs }] : []),
    ...(remembered?.name && remembered.time ? [{ name: remembered.name, atMs: Date.parse(remembered.time) }] : []),
  ]);
  const failed = ended.find((job) => job.state === 'failed' && !job.isOnDemand && job.atMs > (last?.atMs ?? 0));
  const schedule = spec.backup?.schedule;
  const cronJob = children.get(`CronJob/${names(cluster.metadata).backup}`);
  const sinceMs = last?.atMs ?? Date.parse(cronJob?.metadata.creationTimestamp ?? '');
  const nextAtMs = schedule === undefined || Number.isNaN(sinceMs) ? undefined : after(schedule, sinceMs);
  const overdueAtMs = schedule === undefined || nextAtMs === undefined ? undefined : after(schedule, nextAtMs);
  return {
    ...(last && { last }),
    ...(failed?.state === 'failed' && { failure: { job: failed.name, message: resultOf(pods, failed.name)?.message ?? failed.message } }),
    isRunning: jobs.some(({ state }) => state === 'running'),
    ...(nextAtMs !== undefined && { nextAtMs }),
    ...(overdueAtMs !== undefined && { overdueAtMs }),
  };
}

function isBackupJob({ kind, metadata }: Child): boolean {
  const isElsewhere = metadata.annotations?.[elsewhereAnnotation] !== undefined;
  return kind === 'Job' && metadata.labels?.['app.kubernetes.io/component'] === 'backup' && !isElsewhere;
}

/** One that fails is told by the ChatClusterBackup that asked for it. */
function isOnDemand({ metadata }: Child): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === BACKUP_KIND) ?? false;
}

function newest<T extends { atMs: number }>(all: T[]): T | undefined {
  return all.reduce<T | undefined>((best, one) => (best === undefined || one.atMs > best.atMs ? one : best), undefined);
}

/** Undefined: Kubernetes will refuse this schedule, and that is told. */
function after(schedule: string, ms: number): number | undefined {
  try {
    return new Cron(schedule, { timezone: 'UTC', paused: true }).nextRun(new Date(ms))?.getTime();
  } catch {
    return undefined;
  }
}

/** Of the newest pod of a Job that left one. */
export function resultOf(pods: Observed['pods'], job: string): TaskResult | undefined {
  const texts = pods
    .filter(({ metadata, result }) => result !== undefined && metadata.labels?.['batch.kubernetes.io/job-name'] === job)
    .sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''));
  try {
    return texts[0] && (JSON.parse(texts[0].result ?? '') as TaskResult);
  } catch {
    // It was killed, and the message is somebody else's.
    return undefined;
  }
}
