import type { ChatClusterRestore } from '../api/index.ts';
import { restores } from '../controller/kinds.ts';
import { isMigration, isNew } from '../decide/restores.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { isForbidden, isNotFound } from '../runtime/errors.ts';
import type { Observed } from './observed.ts';

/**
 * Before the migration of a new ChatCluster is begun, looks once more for restores: one that was made just before it may
 * not be in the cache yet.
 */
export async function withRestores(client: Pick<KubeClient, 'list'>, observed: Observed, signal: AbortSignal): Promise<Observed> {
  const { cluster, children, restores: cached } = observed;
  const isBegun = [...children.values()].some(isMigration);
  if (cached.length > 0 || isBegun || observed.spec.paused || cluster.metadata.deletionTimestamp || !isNew(observed)) return observed;
  const { namespace, name } = cluster.metadata;
  try {
    const { items } = await client.list(restores, { namespace, signal });
    return { ...observed, restores: items.filter(({ spec }: ChatClusterRestore) => spec.clusterRef.name === name) };
  } catch (error) {
    // CRDs or rights of an older release: there can be none that would be heeded.
    if (isNotFound(error) || isForbidden(error)) return observed;
    throw error;
  }
}
