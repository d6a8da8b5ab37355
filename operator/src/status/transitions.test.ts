import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatClusterStatus } from '../api/index.ts';
import { listTransitions } from './transitions.ts';

type Seen = [type: string, status: 'True' | 'False' | 'Unknown', reason: string];

function statusOf(version: string | undefined, ...seen: Seen[]): ChatClusterStatus {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const conditions = seen.map(([type, status, reason]) => ({ type, status, reason, message: `${reason}!`, lastTransitionTime }));
  return { ...(version && { version }), conditions };
}

const cases: Record<string, [before: ChatClusterStatus, after: ChatClusterStatus, told: string[]]> = {
  'nothing of a first look that is on its way': [
    {},
    statusOf(undefined, ['Ready', 'False', 'MigrationPending'], ['Stalled', 'False', 'AsExpected']),
    [],
  ],
  'what waits for a person, at once': [{}, statusOf(undefined, ['Stalled', 'True', 'SecretMissing']), ['Warning SecretMissing']],
  'the first time that people can chat': [
    statusOf(undefined, ['Ready', 'False', 'RollingOut']),
    statusOf('1.0.0', ['Ready', 'True', 'Ready']),
    ['Normal Ready'],
  ],
  'nothing when pods were added or taken away': [
    statusOf('1.0.0', ['Ready', 'False', 'RollingOut']),
    statusOf('1.0.0', ['Ready', 'True', 'Ready']),
    [],
  ],
  'a release that is rolled out': [
    statusOf('1.0.0', ['Ready', 'False', 'RollingOut'], ['MigrationsApplied', 'False', 'MigrationRunning']),
    statusOf('1.1.0', ['Ready', 'True', 'Ready'], ['MigrationsApplied', 'True', 'Applied']),
    ['Normal Ready', 'Normal Migrated'],
  ],
  'the end of trouble': [
    statusOf('1.0.0', ['Ready', 'False', 'ImagePullBackOff']),
    statusOf('1.0.0', ['Ready', 'True', 'Ready']),
    ['Normal Ready'],
  ],
  'another reason, but the same one once': [
    statusOf('1.0.0', ['Degraded', 'True', 'MigrationFailed'], ['RouteReady', 'False', 'Refused']),
    statusOf('1.0.0', ['Degraded', 'True', 'RolledBack'], ['RouteReady', 'False', 'Refused']),
    ['Warning RolledBack'],
  ],
};

describe('events of a new status', () => {
  for (const [sentence, [before, after, told]] of Object.entries(cases)) {
    it(`tell ${sentence}`, () =>
      assert.deepEqual(
        listTransitions(before, after).map(({ type, reason }) => `${type} ${reason}`),
        told,
      ));
  }
});
