import { isDeepStrictEqual } from 'node:util';
import type { ChatCluster, ChatClusterStatus } from '../api/index.ts';
import type { ReconcileDeps } from '../controller/deps.ts';
import { chatClusters, managerName } from '../controller/kinds.ts';
import type { Memo } from '../controller/memo.ts';
import { isNotFound } from '../runtime/errors.ts';
import { listTransitions } from './transitions.ts';

type Deps = Pick<ReconcileDeps, 'client' | 'events'>;

/** One write, and only when something changed. */
export async function writeStatus(
  { client, events }: Deps,
  cluster: ChatCluster,
  { status, memo }: { status: ChatClusterStatus; memo: Memo },
  signal: AbortSignal,
): Promise<void> {
  if (isDeepStrictEqual(cluster.status, status)) return;
  const { name, namespace, uid } = cluster.metadata;
  try {
    const manifest = { metadata: { name, namespace, uid }, status };
    const written = await client.apply(chatClusters, manifest, { fieldManager: managerName, subresource: 'status', signal });
    memo.status = { version: written.metadata.resourceVersion, value: status };
  } catch (error) {
    // It was deleted meanwhile.
    if (isNotFound(error)) return;
    throw error;
  }
  for (const transition of listTransitions(cluster.status ?? {}, status)) {
    events.record({ regarding: cluster, action: 'Reconcile', ...transition });
  }
}
