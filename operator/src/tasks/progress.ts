import type { TaskPlace } from '../api/index.ts';
import { resultOf, type TaskResult } from '../decide/backups.ts';
import { readJob } from '../decide/deployment-state.ts';
import { explainTrouble } from '../decide/trouble.ts';
import type { Child } from '../gather/lean.ts';
import type { Pod } from '../gather/pods.ts';

/** On the Job: where it was told that backups lie. It cannot change any more, whatever becomes of what named it. */
export const placeAnnotation = 'chatcluster.dev/place';
/** The last words of a pod and the end of its Job come over different watches. */
const wordsPatienceMs = 15_000;
const lookAgainMs = 1_000;

/** How far a Job is. */
export type Progress = { job: string; place?: TaskPlace; startedAt?: string } & (
  | { state: 'running'; message: string; lookAgainMs?: number }
  | { state: 'succeeded'; atMs: number; result?: TaskResult }
  | { state: 'failed'; atMs: number; reason: string; message: string }
);

export function readProgress(job: Child, pods: readonly Pod[], nowMs: number): Progress {
  const { name, namespace } = job.metadata;
  const { startTime } = (job.status ?? {}) as { startTime?: string };
  const place = parsePlace(job.metadata.annotations?.[placeAnnotation]);
  const about = { job: name, ...(place && { place }), ...(startTime && { startedAt: startTime }) };
  const state = readJob(job);
  const result = resultOf(pods, name);
  switch (state.state) {
    case 'running':
      return { ...about, state: 'running', message: runningMessage(name, pods) };
    case 'succeeded': {
      const isLate = nowMs - state.atMs < wordsPatienceMs && result?.ok !== true;
      if (isLate) return { ...about, state: 'running', message: 'It has ended; its figures are being read.', lookAgainMs };
      return { ...about, state: 'succeeded', atMs: state.atMs, ...(result?.ok && { result }) };
    }
    case 'failed': {
      const said = result?.ok === false ? result : undefined;
      const message = `${said?.message ?? state.message} See "kubectl logs -n ${namespace} job/${name}".`;
      return { ...about, state: 'failed', atMs: state.atMs, reason: said?.reason ?? 'Failed', message };
    }
    default: {
      const never: never = state;
      return never;
    }
  }
}

function parsePlace(text: string | undefined): TaskPlace | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as TaskPlace);
  } catch {
    // Somebody wrote over it. The Job itself knows better, and only what is shown suffers.
    return undefined;
  }
}

function runningMessage(job: string, pods: readonly Pod[]): string {
  const own = pods.filter(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'] === job);
  const stuck = own.find((pod) => pod.trouble);
  return stuck ? `Its pod cannot start: ${explainTrouble(stuck)}` : `The Job ${job} runs.`;
}
