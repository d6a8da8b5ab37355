import { names } from '@chatcluster/cdk8s/names';
import { type Observed, serverRoles } from '../gather/observed.ts';
import { readDeployment } from './deployment-state.ts';
import { type MigrationPlan, planMigration } from './migration.ts';

export interface Rollback {
  from: string;
  to: string;
  atMs: number;
  message: string;
}

export interface ReleasePlan {
  /** What the spec asks for. */
  requested: string;
  /** What the Deployments run; undefined: nothing may run yet. */
  effective: string | undefined;
  migration: MigrationPlan;
  rollback?: Rollback;
}

/** On each Deployment: the release that it was rendered for. */
export const releaseAnnotation = 'chatcluster.dev/release';

/**
 * A release runs once its migrations are applied; until then the last good one goes on. A release that does not become
 * ready gives way to the last good one, until the spec names another.
 */
export function planRelease(observed: Observed): ReleasePlan {
  const { cluster, spec, settings } = observed;
  const requested = spec.version ?? settings.version;
  const good = cluster.status?.version;
  const rollback = findRollback(observed, requested, good);
  const migration = planMigration(observed, requested);
  const candidate = migration.phase === 'Succeeded' ? requested : good;
  return { requested, effective: rollback?.to ?? candidate, migration, ...(rollback && { rollback }) };
}

function findRollback(observed: Observed, requested: string, good: string | undefined): Rollback | undefined {
  const { cluster, spec, nowMs } = observed;
  const last = cluster.status?.rollback;
  if (last?.from === requested && last.to) {
    return { from: requested, to: last.to, atMs: Date.parse(last.time ?? '') || nowMs, message: last.message ?? '' };
  }
  if (!spec.upgrade.autoRollback || good === undefined || good === requested) return undefined;
  const stuck = listStuck(observed, requested);
  if (stuck.length === 0) return undefined;
  const trouble = observed.pods.find((pod) => pod.trouble && !pod.isReady)?.trouble;
  const why = trouble ? `: ${trouble.reason}, ${trouble.message}` : '';
  return {
    from: requested,
    to: good,
    atMs: nowMs,
    message: `${requested} did not become ready (${stuck.join(', ')})${why}. ${good} runs again; name another version in spec.version to try anew.`,
  };
}

function listStuck({ cluster, children }: Observed, version: string): string[] {
  const own = names(cluster.metadata);
  return serverRoles.filter((role) => {
    const child = children.get(`Deployment/${own[role]}`);
    return child?.metadata.annotations?.[releaseAnnotation] === version && readDeployment(child).isStuck;
  });
}
