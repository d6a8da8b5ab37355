import { type BackupStatus, type RestoreStatus, type TaskConditionType, taskConditionTypes } from '../api/index.ts';
import type { TaskResource } from '../controller/task-store.ts';
import type { TaskResult } from '../decide/backups.ts';
import { dateConditions } from '../status/conditions.ts';
import { type Finding, no, yes } from '../status/view.ts';
import { locationOf, type Verdict } from './plan.ts';
import type { Progress } from './progress.ts';

export type TaskStatus = BackupStatus & RestoreStatus;

/** What is known after a pass. */
export type Outcome = Verdict | Progress;

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** The whole status; pure, and equal to the previous one when nothing happened. */
export function buildTaskStatus(
  task: TaskResource,
  outcome: Outcome,
  { nowMs, clusterUid }: { nowMs: number; clusterUid: string | undefined },
): TaskStatus {
  const { generation } = task.metadata;
  const previous = task.status ?? {};
  // Before anything was begun for it, another ChatCluster may take its name.
  const uid = previous.clusterUid ?? ('job' in outcome || outcome.state === 'refuse' ? clusterUid : undefined);
  const { phase, findings, message } = judge(outcome, task.kind);
  return {
    observedGeneration: generation,
    phase,
    message: message.slice(0, 4_096),
    ...(uid !== undefined && { clusterUid: uid }),
    ...('job' in outcome && factsOf(task, outcome)),
    ...(outcome.state === 'refuse' && { completedAt: iso(nowMs) }),
    conditions: dateConditions(findings, previous.conditions ?? [], { types: taskConditionTypes, generation, nowMs }),
  };
}

function factsOf(task: TaskResource, progress: Progress): Partial<TaskStatus> {
  const { job, place, startedAt } = progress;
  const result = progress.state === 'succeeded' ? progress.result : undefined;
  // A backup has the name of its Job.
  const named = task.kind === 'ChatClusterBackup' ? job : task.spec.source.backup;
  const backup = result?.name ?? named;
  return {
    job,
    ...(place && { place }),
    ...(backup !== undefined && { backup }),
    ...(place && backup !== undefined && { location: locationOf(place, backup).slice(0, 1_024) }),
    ...(startedAt !== undefined && { startedAt }),
    ...(progress.state !== 'running' && { completedAt: iso(progress.atMs) }),
    ...(result && figuresOf(task, result)),
  };
}

function figuresOf({ kind }: TaskResource, result: TaskResult): Partial<TaskStatus> {
  const { rows, bytes, conversations, tables, startedAt } = result;
  const both = { ...(rows !== undefined && { rows }), ...(conversations !== undefined && { conversations }) };
  if (kind === 'ChatClusterBackup') return { ...both, ...(bytes !== undefined && { bytes }) };
  return { ...both, ...(tables !== undefined && { tables }), ...(startedAt !== undefined && { takenAt: startedAt }) };
}

interface Judgement {
  phase: NonNullable<TaskStatus['phase']>;
  message: string;
  findings: Record<TaskConditionType, Finding>;
}

function judge(outcome: Outcome, kind: TaskResource['kind']): Judgement {
  switch (outcome.state) {
    case 'wait':
      return pending(outcome, { isStalled: false });
    case 'stuck':
      return pending(outcome, { isStalled: true });
    case 'running':
      return { ...pending({ reason: 'Running', message: outcome.message }, { isStalled: false }), phase: 'Running' };
    case 'refuse':
    case 'failed':
      return { ...pending(outcome, { isStalled: true }), phase: 'Failed' };
    case 'succeeded':
      return succeeded(kind, outcome.result);
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

function pending({ reason, message }: { reason: string; message: string }, { isStalled }: { isStalled: boolean }): Judgement {
  const findings = {
    Ready: no(reason, message),
    Complete: no(reason, message),
    Reconciling: isStalled ? no('Stalled', 'See the condition Stalled.') : yes(reason, message),
    Stalled: isStalled ? yes(reason, message) : no('AsExpected', 'Nothing waits for you.'),
  };
  return { phase: 'Pending', message, findings };
}

function succeeded(kind: TaskResource['kind'], result: TaskResult | undefined): Judgement {
  const { rows = 0, conversations = 0 } = result ?? {};
  const what = kind === 'ChatClusterBackup' ? 'stored' : 'restored and counted';
  const numbers = `the highest number of each of ${conversations} conversations was ${kind === 'ChatClusterBackup' ? 'noted' : 'checked'}`;
  const figures = result ? `${rows} rows were ${what}; ${numbers}.` : 'Its pod was gone before its figures could be read.';
  const message = `Done. ${figures}`;
  const findings = {
    Ready: yes('Succeeded', message),
    Complete: yes('Succeeded', message),
    Reconciling: no('Succeeded', 'Nothing is left to do.'),
    Stalled: no('AsExpected', 'Nothing waits for you.'),
  };
  return { phase: 'Succeeded', message, findings };
}
