import type { Condition, ConditionType } from '../api/index.ts';

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
export function listTransitions(before: readonly Condition[], after: readonly Condition[]): Transition[] {
  return after.flatMap(({ type, status, reason, message }): Transition[] => {
    const bad = told[type as ConditionType];
    const previous = before.find((condition) => condition.type === type);
    if (bad === undefined || (previous?.status === status && previous.reason === reason)) return [];
    if (status === bad) return quiet.has(reason) ? [] : [{ type: 'Warning', reason, note: message }];
    const isGoodNews = previous?.status === bad && (type === 'Ready' || type === 'MigrationsApplied');
    return isGoodNews && status === 'True' ? [{ type: 'Normal', reason: type === 'Ready' ? 'Ready' : 'Migrated', note: message }] : [];
  });
}
