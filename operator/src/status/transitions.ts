import type { ChatClusterStatus, ConditionType } from '../api/index.ts';

export interface Transition {
  type: 'Normal' | 'Warning';
  reason: string;
  note: string;
}

/** Conditions whose change a person should see, and the status that is bad news. */
const told: Partial<Record<ConditionType, 'True' | 'False'>> = {
  Ready: 'False',
  Stalled: 'True',
  Degraded: 'True',
  DatabaseReady: 'False',
  RedisReady: 'False',
  RouteReady: 'False',
  MigrationsApplied: 'False',
};

/** Steps on the way, no bad news. */
const quiet = new Set([
  'Migrating',
  'MigrationPending',
  'MigrationRunning',
  'Restoring',
  'Applying',
  'Starting',
  'RollingOut',
  'WaitingForMigration',
  'PodsNotAvailable',
  'NotApplied',
  'Deleting',
  'Reconciling',
]);

/** Events for what changed since the last status; none for the first look at what is fine. */
export function listTransitions(before: ChatClusterStatus, { conditions = [], version }: ChatClusterStatus): Transition[] {
  return conditions.flatMap(({ type, status, reason, message }): Transition[] => {
    const bad = told[type as ConditionType];
    const previous = before.conditions?.find((condition) => condition.type === type);
    if (bad === undefined || (previous?.status === status && previous.reason === reason)) return [];
    if (status === bad) return quiet.has(reason) ? [] : [{ type: 'Warning', reason, note: message }];
    if (previous?.status !== bad || status !== 'True') return [];
    // Pods come and go with the load: that the same release is whole again is no news, unless something was wrong with it.
    const isNews = type === 'MigrationsApplied' || (type === 'Ready' && (before.version !== version || !quiet.has(previous.reason)));
    return isNews ? [{ type: 'Normal', reason: type === 'Ready' ? 'Ready' : 'Migrated', note: message }] : [];
  });
}
