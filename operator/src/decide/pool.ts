import type { ResolvedSpec } from '../api/index.ts';

/** What Postgres allows when nobody says otherwise. */
const defaultMaxConnections = 100;
/** For people, backups, monitoring, the migration Job. */
const reserve = 10;
const leastPool = 2;
/** More does not help one Node process. */
const mostPool = 20;

/**
 * Connections of one pod, so that all pods together, at their most and during a rollout, stay below `max_connections`.
 * The most rather than the present number: otherwise each scaling would roll every pod.
 */
export function planPool(spec: ResolvedSpec): number {
  const pods =
    withSurge(mostRealtimePods(spec), spec) + withSurge(spec.roles.api.replicas, spec) + withSurge(spec.roles.worker.replicas, spec);
  return Math.max(leastPool, Math.min(mostPool, Math.floor((maxConnectionsOf(spec) - reserve) / Math.max(1, pods))));
}

function mostRealtimePods({ replicas, autoscaling }: ResolvedSpec): number {
  const isFixed = autoscaling.engine === 'Disabled' || autoscaling.engine === 'External';
  // One that is scaled by hand should not be rolled by each step.
  return isFixed ? Math.max(replicas, autoscaling.maxReplicas) : autoscaling.maxReplicas;
}

function withSurge(replicas: number, { upgrade }: ResolvedSpec): number {
  const surge = String(upgrade.maxSurge);
  const share = Number.parseInt(surge, 10);
  return replicas + (surge.endsWith('%') ? Math.ceil((replicas * share) / 100) : share);
}

function maxConnectionsOf({ database }: ResolvedSpec): number {
  const given = Number(database.cloudNativePG?.parameters?.max_connections);
  return Number.isInteger(given) && given > 0 ? given : defaultMaxConnections;
}
