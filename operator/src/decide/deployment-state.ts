import type { Child } from '../gather/lean.ts';

export interface DeploymentState {
  wanted: number;
  ready: number;
  available: number;
  /** Every pod is of the newest template, and available. */
  isRolledOut: boolean;
  /** The newest template did not become available in time. */
  isStuck: boolean;
}

interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  conditions?: { type: string; status: string; reason?: string }[];
}

/** Of a Deployment or, where the names are the same, a StatefulSet. */
export function readDeployment(child: Child): DeploymentState {
  const status = (child.status ?? {}) as DeploymentStatus;
  const wanted = child.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const isCurrent = (status.observedGeneration ?? 0) >= (child.metadata.generation ?? 0);
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  return {
    wanted,
    ready: readyReplicas,
    available: availableReplicas,
    isRolledOut: isCurrent && updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted,
    isStuck: isCurrent && progressing?.status === 'False' && progressing.reason === 'ProgressDeadlineExceeded',
  };
}

interface JobStatus {
  active?: number;
  conditions?: { type: string; status: string; message?: string; lastTransitionTime?: string }[];
}

export type JobState = { state: 'running' } | { state: 'succeeded'; atMs: number } | { state: 'failed'; atMs: number; message: string };

export function readJob(child: Child): JobState {
  const conditions = ((child.status ?? {}) as JobStatus).conditions ?? [];
  const holds = (type: string) => conditions.find((condition) => condition.type === type && condition.status === 'True');
  const complete = holds('Complete');
  if (complete) return { state: 'succeeded', atMs: timeOf(complete.lastTransitionTime) };
  const failed = holds('Failed');
  if (failed) return { state: 'failed', atMs: timeOf(failed.lastTransitionTime), message: failed.message ?? '' };
  return { state: 'running' };
}

function timeOf(text: string | undefined): number {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? 0 : ms;
}
