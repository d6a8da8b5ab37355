import type { ChatClusterStatus } from '../api/index.ts';
import { type Backups, findBackups } from '../decide/backups.ts';
import type { Observed } from '../gather/observed.ts';
import { type Finding, no, unknown, type View, yes } from './view.ts';

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

export function backupHealthy({ observed }: View): Finding {
  const { backup } = observed.spec;
  if (backup === undefined) return unknown('NotConfigured', 'spec.backup is not set: the operator makes no backups.');
  const missing = missingSecret(observed);
  if (missing !== undefined) return no('SecretMissing', missing);
  const found = findBackups(observed);
  if (found.failure) return no('BackupFailed', failed(observed, found.failure));
  if (found.overdueAtMs !== undefined && observed.nowMs >= found.overdueAtMs) return no('BackupOverdue', overdue(observed, found));
  const next = found.nextAtMs === undefined ? '' : ` The next one is due at ${iso(found.nextAtMs)}.`;
  if (found.last) return yes('BackedUp', `The backup ${found.last.name} was complete at ${iso(found.last.atMs)}.${next}`);
  return unknown('NoBackupYet', `There is no backup yet.${next}`);
}

/** The chat works without it, so it is told here alone. */
function missingSecret({ spec, secrets, cluster }: Observed): string | undefined {
  const ref = spec.backup?.target.s3?.credentialsSecretRef;
  if (ref === undefined || secrets === undefined) return undefined;
  const where = `Secret ${ref.name} in namespace ${cluster.metadata.namespace}`;
  const secret = secrets.get(ref.name);
  if (secret === undefined)
    return `${where} does not exist; spec.backup.target.s3 needs it with the keys ACCESS_KEY_ID and ACCESS_SECRET_KEY.`;
  const key = ['ACCESS_KEY_ID', 'ACCESS_SECRET_KEY'].find((each) => !secret.keys.includes(each));
  return key && `${where} has no key "${key}", which spec.backup.target.s3 needs. Add it.`;
}

function failed({ cluster }: Observed, { job, message }: NonNullable<Backups['failure']>): string {
  const logs = `kubectl logs -n ${cluster.metadata.namespace} job/${job}`;
  return `The backup ${job} failed: ${message || 'see its log'}. See "${logs}"; this goes with the next one that succeeds.`;
}

function overdue({ cluster }: Observed, { last, nextAtMs = 0, isRunning }: Backups): string {
  const since = last ? `since ${last.name} at ${iso(last.atMs)}` : 'yet';
  const how = isRunning
    ? 'One runs now: see whether it gets on.'
    : `See "kubectl describe cronjob -n ${cluster.metadata.namespace} ${cluster.metadata.name}-backup".`;
  return `No backup succeeded ${since}; the one of ${iso(nextAtMs)} and the one after it were missed. ${how}`;
}

export function lastBackup(observed: Observed): Pick<ChatClusterStatus, 'lastBackup'> {
  const { last } = findBackups(observed);
  return last ? { lastBackup: { name: last.name, time: iso(last.atMs) } } : {};
}
