import { type ChatClusterStatus, conditionTypes } from '../api/index.ts';
import { serverRoles } from '../gather/observed.ts';
import { dateConditions, findConditions } from './conditions.ts';
import { lastBackup } from './backup.ts';
import { urlOf } from './route.ts';
import { realtimeSelector } from './scaling.ts';
import type { View } from './view.ts';

/** The whole status; pure, and equal to the previous one when nothing happened. */
export function buildStatus(view: View): ChatClusterStatus {
  const { observed, release } = view;
  const { cluster, nowMs } = observed;
  const previous = cluster.status ?? {};
  const findings = findConditions(view);
  const { generation } = cluster.metadata;
  const version = runningVersion(view);
  const url = urlOf(observed);
  const realtime = view.deployments.realtime;
  const connections = view.connections ?? previous.connections;
  const rollback = rollbackOf(view);
  return {
    observedGeneration: generation,
    replicas: observed.pods.filter((pod) => pod.component === 'realtime' && !pod.metadata.deletionTimestamp).length,
    readyReplicas: realtime?.ready ?? 0,
    pods: `${realtime?.ready ?? 0}/${realtime?.wanted ?? observed.spec.replicas}`,
    selector: realtimeSelector(observed),
    ...(version !== undefined && { version }),
    ...(url !== undefined && { url }),
    ...(connections !== undefined && { connections }),
    ...autoscalerOf(view),
    database: { kind: databaseKind(view), ready: findings.DatabaseReady.status === 'True', state: findings.DatabaseReady.reason },
    redis: {
      kind: observed.spec.redis.managed ? 'Managed' : 'External',
      ready: findings.RedisReady.status === 'True',
      state: findings.RedisReady.reason,
    },
    migration: {
      version: release.migration.version,
      phase: release.migration.phase,
      message: release.migration.message.slice(0, 1_024),
      ...(release.migration.completedAtMs && { completedAt: second(release.migration.completedAtMs) }),
    },
    ...(rollback && { rollback }),
    ...lastBackup(observed),
    conditions: dateConditions(findings, previous.conditions ?? [], { types: conditionTypes, generation, nowMs }),
  };
}

function second(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The last release that was rolled out as a whole: what a rollback comes back to. */
function runningVersion({ observed, release, deployments, isApplied }: View): string | undefined {
  const isRolledOut = isApplied && serverRoles.every((role) => deployments[role]?.isRolledOut);
  return isRolledOut && release.effective !== undefined ? release.effective : observed.cluster.status?.version;
}

function rollbackOf({ release: { rollback } }: View): ChatClusterStatus['rollback'] | undefined {
  return rollback && { from: rollback.from, to: rollback.to, time: second(rollback.atMs), message: rollback.message.slice(0, 1_024) };
}

function autoscalerOf({ observed, recommendation, scaledAtMs, deployments }: View): Pick<ChatClusterStatus, 'autoscaler'> {
  const previous = observed.cluster.status?.autoscaler;
  const { engine } = observed.spec.autoscaling;
  if ((engine !== 'Operator' && engine !== 'KEDA') || deployments.realtime === undefined) return {};
  // KEDA decides itself: it is told what the load asks for.
  const told = engine === 'KEDA' ? recommendation?.wanted : recommendation?.desired;
  const desired = told ?? previous?.desired ?? deployments.realtime.wanted;
  const signal = recommendation?.signal ?? previous?.signal;
  const lastScaleTime = scaledAtMs === undefined ? previous?.lastScaleTime : second(scaledAtMs);
  return { autoscaler: { desired, ...(signal && { signal }), ...(lastScaleTime && { lastScaleTime }) } };
}

function databaseKind({ observed }: View): string {
  const { database } = observed.spec;
  if (database.cloudNativePG) return 'CloudNativePG';
  return database.evaluation ? 'Evaluation' : 'External';
}

/** Two significant digits: a busy chat would otherwise change its status with every reading. */
export function roundConnections(connections: number): number {
  if (connections < 100) return connections;
  const step = 10 ** (Math.floor(Math.log10(connections)) - 1);
  return Math.round(connections / step) * step;
}
