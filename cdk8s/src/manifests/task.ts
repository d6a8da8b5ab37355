import type { KubernetesObject, OwnerReference } from '../types.ts';
import { type BackupPlace, nameOfJob, taskJob } from './backup.ts';
import { type Context, object } from './context.ts';
import { taskPolicy } from './network-policies.ts';
import type { EnvVar } from './server-env.ts';

/** One backup or one restore, asked for by a resource of its own. */
export interface Task {
  role: 'backup' | 'restore';
  /** Name of the Job, and of the backup that it makes. */
  job: string;
  place: BackupPlace;
  /** Which backup is restored. @default the newest complete one */
  backup?: string;
  owner: OwnerReference;
  annotations?: Record<string, string>;
}

function nameEnv({ role, backup }: Task): EnvVar[] {
  if (role === 'backup') return [nameOfJob];
  return backup === undefined ? [] : [{ name: 'BACKUP_NAME', value: backup }];
}

export function taskObjects(context: Context, task: Task): KubernetesObject[] {
  const { role, job, owner, place, annotations } = task;
  const spec = taskJob(context, role, { place, env: nameEnv(task) });
  const options = { component: role, owner, ...(annotations && { annotations }) };
  return [...taskPolicy(context, role, task), object(context, ['batch/v1/Job', job], { spec }, options)];
}
