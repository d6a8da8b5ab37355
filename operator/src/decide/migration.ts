import { names } from '@chatcluster/cdk8s/names';
import type { ChatClusterStatus } from '../api/index.ts';
import type { Observed } from '../gather/observed.ts';
import { readJob } from './deployment-state.ts';
import { explainTrouble } from './trouble.ts';
import { findHold, type RestoreHold } from './restores.ts';

export interface MigrationPlan {
  /** The release whose migrations it is about. */
  version: string;
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  /** `retry`: the failed Job is deleted, the next pass makes a new one. */
  action: 'none' | 'run' | 'retry';
  retryAtMs?: number;
  message: string;
  completedAtMs?: number;
  /** A restore comes first, or came and failed. */
  hold?: RestoreHold;
}

const firstRetryMs = 30_000;
const longestRetryMs = 60 * 60_000;

export function planMigration(observed: Observed, version: string): MigrationPlan {
  const { cluster, children, pods, migrationAttempts, nowMs } = observed;
  const known: NonNullable<ChatClusterStatus['migration']> = cluster.status?.migration ?? {};
  if (known.version === version && known.phase === 'Succeeded') {
    return {
      version,
      phase: 'Succeeded',
      action: 'none',
      message: known.message ?? '',
      ...(known.completedAt && { completedAtMs: Date.parse(known.completedAt) }),
    };
  }
  const hold = findHold(observed);
  if (hold) return { version, phase: 'Pending', action: 'none', message: hold.message, hold };
  const job = children.get(`Job/${names(cluster.metadata).migrate(version)}`);
  if (job === undefined || job.metadata.deletionTimestamp) {
    return { version, phase: 'Pending', action: 'run', message: `The database is about to be migrated to ${version}.` };
  }
  const state = readJob(job);
  switch (state.state) {
    case 'succeeded':
      return { version, phase: 'Succeeded', action: 'none', message: `Migrated to ${version}.`, completedAtMs: state.atMs };
    case 'running': {
      const pod = pods.find(({ component, trouble }) => component === 'migrate' && trouble);
      const detail = pod ? ` Its pod cannot start: ${explainTrouble(pod)}` : '';
      return { version, phase: 'Running', action: 'none', message: `The database is being migrated to ${version}.${detail}` };
    }
    case 'failed': {
      const retryAtMs = state.atMs + Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(10, migrationAttempts));
      const logs = `kubectl logs -n ${cluster.metadata.namespace} job/${job.metadata.name}`;
      const message = `The migration to ${version} failed (${state.message}). See "${logs}". It is tried again at ${new Date(retryAtMs).toISOString()}.`;
      return { version, phase: 'Failed', action: nowMs >= retryAtMs ? 'retry' : 'none', retryAtMs, message };
    }
    default: {
      const never: never = state;
      return never;
    }
  }
}
