import type { Condition } from '../api/index.ts';
import { explainTrouble } from '../decide/trouble.ts';
import { serverRoles } from '../gather/observed.ts';
import { backupHealthy } from './backup.ts';
import { databaseReady, redisReady } from './backends.ts';
import { routeReady } from './route.ts';
import { autoscalingActive, scalingLimited } from './scaling.ts';
import { type Finding, type Findings, no, type View, yes } from './view.ts';

/** Every condition, on the first pass too. */
export function findConditions(view: View): Findings {
  const parts = {
    Available: available(view),
    DatabaseReady: databaseReady(view),
    RedisReady: redisReady(view),
    RouteReady: routeReady(view),
    MigrationsApplied: migrationsApplied(view),
    AutoscalingActive: autoscalingActive(view),
    ScalingLimited: scalingLimited(view),
    BackupHealthy: backupHealthy(view),
    Degraded: degraded(view),
    Stalled: stalled(view),
    Reconciling: reconciling(view),
  };
  return { ...parts, Ready: ready(view, parts) };
}

function available({ deployments, release, observed }: View): Finding {
  if (observed.spec.replicas === 0 && deployments.realtime?.wanted === 0) return no('ScaledToZero', 'spec.replicas is 0: nobody can chat.');
  if (release.effective === undefined) return no('WaitingForMigration', 'The server starts once the database is migrated.');
  const short = serverRoles.filter((role) => role !== 'worker' && (deployments[role]?.available ?? 0) === 0);
  if (short.length === 0) return yes('PodsAvailable', 'People can connect and chat.');
  const pod = observed.pods.find(({ component, trouble }) => trouble && short.some((role) => role === component));
  const why = pod ? explainTrouble(pod) : 'Wait, or see the pods with kubectl describe.';
  return no(pod?.trouble?.reason ?? 'PodsNotAvailable', `No pod of ${short.join(' and ')} is available. ${why}`);
}

function migrationsApplied({ release, observed }: View): Finding {
  const { phase, message } = release.migration;
  switch (phase) {
    case 'Succeeded':
      return yes('Applied', message || `The database is migrated to ${release.migration.version}.`);
    case 'Failed': {
      const runs = observed.cluster.status?.version;
      return no('MigrationFailed', `${message}${runs ? ` ${runs} goes on.` : ''}`);
    }
    case 'Pending':
    case 'Running':
      if (release.migration.hold) return no(release.migration.hold.reason, message);
      return no(phase === 'Running' ? 'MigrationRunning' : 'MigrationPending', message);
    default: {
      const never: never = phase;
      return never;
    }
  }
}

function degraded({ release, deployments }: View): Finding {
  if (release.rollback) return yes('RolledBack', release.rollback.message);
  if (release.migration.phase === 'Failed') return yes('MigrationFailed', release.migration.message);
  const stuck = serverRoles.filter((role) => deployments[role]?.isStuck);
  if (stuck.length > 0)
    return yes('ProgressDeadlineExceeded', `Pods of ${stuck.join(', ')} do not become ready; see them with kubectl describe.`);
  return no('AsExpected', 'Nothing is wrong.');
}

function stalled({ problems, observed }: View): Finding {
  const first = problems[0];
  if (first && !observed.cluster.metadata.deletionTimestamp) return yes(first.reason, problems.map(({ message }) => message).join(' '));
  return no('AsExpected', 'Nothing waits for you.');
}

function reconciling({ observed, release, deployments, problems, isApplied, failure }: View): Finding {
  if (observed.cluster.metadata.deletionTimestamp)
    return yes('Deleting', 'Connections are drained, then everything goes but what deletionPolicy keeps.');
  if (observed.spec.paused) return no('Paused', 'spec.paused is true: the operator changes nothing. Set it to false to go on.');
  if (failure !== undefined) return yes('Retrying', `A step failed and is tried again, later each time: ${failure}`);
  if (problems.length > 0) return no('Stalled', 'See the condition Stalled.');
  const { phase, hold } = release.migration;
  if (hold) return yes(hold.reason, hold.message);
  if (phase === 'Pending' || phase === 'Running') return yes('Migrating', release.migration.message);
  if (!isApplied) return yes('Applying', 'Objects are being applied.');
  const behind = serverRoles.filter((role) => deployments[role] !== undefined && !deployments[role].isRolledOut);
  if (behind.length > 0 && phase !== 'Failed') return yes('RollingOut', `Pods of ${behind.join(', ')} are being started or replaced.`);
  return no('UpToDate', 'What is wanted is what is.');
}

type Parts = Omit<Findings, 'Ready'>;

/** The first part that is in the way gives the reason. */
function ready({ observed }: View, parts: Parts): Finding {
  if (observed.cluster.metadata.deletionTimestamp) return no('Deleting', parts.Reconciling.message);
  if (parts.Stalled.status === 'True') return no(parts.Stalled.reason, parts.Stalled.message);
  for (const type of ['DatabaseReady', 'RedisReady', 'MigrationsApplied', 'Available', 'RouteReady'] as const) {
    // What nobody has reported on yet does not keep a working chat from being ready, except a route.
    if (parts[type].status === 'False' || (type === 'RouteReady' && parts[type].status !== 'True'))
      return no(parts[type].reason, parts[type].message);
  }
  if (parts.Reconciling.status === 'True') return no(parts.Reconciling.reason, parts.Reconciling.message);
  const more = parts.Degraded.status === 'True' ? ` ${parts.Degraded.message}` : '';
  return yes('Ready', `People can connect and chat.${more}`);
}

/** A condition keeps its date for as long as its status stays. */
export function dateConditions<T extends string>(
  findings: Record<T, Finding>,
  previous: readonly Condition[],
  { types, generation, nowMs }: { types: readonly T[]; generation: number; nowMs: number },
): Condition[] {
  return types.map((type) => {
    const before = previous.find((condition) => condition.type === type);
    const { status, reason, message } = findings[type];
    const isSame = before?.status === status;
    return {
      type,
      status,
      observedGeneration: generation,
      lastTransitionTime: isSame ? before.lastTransitionTime : new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
      reason,
      message: message.slice(0, 4_096),
    };
  });
}
