import type { ChatClusterBackup, ChatClusterBackupSpec, ChatClusterRestore, ChatClusterRestoreSpec } from '../api/index.ts';
import { backups, jobs, pods, restores } from '../controller/kinds.ts';
import { eventually } from '../controller/testing.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import type { UnknownObject } from '../runtime/object.ts';

export interface JobObject extends UnknownObject {
  spec: { template: { metadata: { labels: Record<string, string> }; spec: { containers: { env: { name: string; value?: string }[] }[] } } };
}

export async function createBackup(
  client: KubeClient,
  namespace: string,
  spec: ChatClusterBackupSpec = { clusterRef: { name: 'chat' } },
  name = 'now',
): Promise<ChatClusterBackup> {
  return (await client.create(backups, { metadata: { name, namespace }, spec } as unknown as ChatClusterBackup)) as ChatClusterBackup;
}

export async function createRestore(
  client: KubeClient,
  namespace: string,
  spec: ChatClusterRestoreSpec,
  name = 'back',
): Promise<ChatClusterRestore> {
  return (await client.create(restores, { metadata: { name, namespace }, spec } as unknown as ChatClusterRestore)) as ChatClusterRestore;
}

/** Waits until the condition has this reason; gives the resource. */
export async function untilTask<T extends ChatClusterBackup | ChatClusterRestore>(
  read: () => Promise<T>,
  [type, reason]: readonly [string, string],
): Promise<T> {
  let last: T | undefined;
  return (await eventually(
    async () => {
      last = await read();
      return last.status?.conditions?.some((one) => one.type === type && one.reason === reason) && last;
    },
    { describe: () => `${type} never had the reason ${reason}: ${JSON.stringify(last?.status)}` },
  )) as T;
}

export async function readBackup(client: KubeClient, namespace: string, name = 'now'): Promise<ChatClusterBackup> {
  return (await client.get(backups, { namespace, name })) as ChatClusterBackup;
}

export async function readRestore(client: KubeClient, namespace: string, name = 'back'): Promise<ChatClusterRestore> {
  return (await client.get(restores, { namespace, name })) as ChatClusterRestore;
}

export async function listJobs(client: KubeClient, namespace: string, component: string): Promise<JobObject[]> {
  const { items } = await client.list(jobs, { namespace, labelSelector: `app.kubernetes.io/component=${component}` });
  return items.filter(({ metadata }) => !metadata.deletionTimestamp) as unknown as JobObject[];
}

export function untilJob(client: KubeClient, namespace: string, component: string): Promise<JobObject> {
  return eventually(async () => (await listJobs(client, namespace, component))[0], { describe: () => `no Job of ${component}` });
}

export function envOf({ spec }: JobObject): Record<string, string | undefined> {
  return Object.fromEntries((spec.template.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}

/** A pod of the Job, as it looks when the program has said its last words. */
export async function leavePod(client: KubeClient, { metadata, spec }: JobObject, result: { ok: boolean }): Promise<void> {
  const { name: job, namespace = '' } = metadata;
  const labels = { ...spec.template.metadata.labels, 'batch.kubernetes.io/job-name': job };
  // Without a controller manager nobody makes the default account.
  const { serviceAccountName: _, ...rest } = spec.template.spec as { serviceAccountName?: string };
  const name = `${job}-pod`;
  await client.create(pods, { metadata: { name, namespace, labels }, spec: rest } as unknown as UnknownObject);
  const terminated = { exitCode: result.ok ? 0 : 65, reason: result.ok ? 'Completed' : 'Error', message: `${JSON.stringify(result)}\n` };
  const containerStatuses = [{ name: 'server', ready: false, restartCount: 0, image: 'none', imageID: '', state: { terminated } }];
  const status = { phase: result.ok ? 'Succeeded' : 'Failed', containerStatuses };
  await client.patch(pods, { namespace, name }, { status }, { subresource: 'status' });
}
