import { listGeneratedSecrets, names, renderSecret } from '@chatcluster/cdk8s';
import type { ReconcileDeps } from '../controller/deps.ts';
import { managerName, secrets } from '../controller/kinds.ts';
import type { Memo } from '../controller/memo.ts';
import type { Observed, Problem } from '../gather/observed.ts';
import { isAlreadyExists, isNotFound } from '../runtime/errors.ts';

type Which = 'database' | 'redis';

/**
 * Passwords that nobody gave. The operator can make Secrets but not read them, so whether one is there is found out by
 * making it. That of a database is never made anew once its volume exists: the database would not know it.
 */
export async function ensureSecrets(deps: ReconcileDeps, observed: Observed, memo: Memo, signal: AbortSignal): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const which of listGeneratedSecrets({ ...observed.cluster.metadata, spec: observed.spec })) {
    const problem = await ensureSecret(deps, { observed, memo, which }, signal);
    if (problem) problems.push(problem);
  }
  return problems;
}

interface Wanted {
  observed: Observed;
  memo: Memo;
  which: Which;
}

async function ensureSecret(deps: ReconcileDeps, { observed, memo, which }: Wanted, signal: AbortSignal): Promise<Problem | undefined> {
  const own = names(observed.cluster.metadata);
  const name = which === 'database' ? own.databaseSecret : own.redisSecret;
  // The number of Redis servers is part of the Secret; none of their passwords outlives a restart, so a new one will do.
  const memory = which === 'redis' ? `${name}/${observed.spec.redis.managed?.shards}` : name;
  if (isMissed(observed, name)) memo.secrets.delete(memory);
  if (memo.secrets.has(memory)) return undefined;
  const hasVolume = which === 'database' && observed.children.has(`PersistentVolumeClaim/${own.postgres}`);
  if (which === 'redis' && hasOtherShards(observed)) await remove(deps, observed, name, signal);
  const isThere = observed.secrets?.has(name) || (await create(deps, { observed, which, dryRun: hasVolume }, signal)) === 'exists';
  if (!isThere && hasVolume) {
    return {
      about: 'database',
      reason: 'PasswordLost',
      message: `Secret ${name} is gone, but the volume ${own.postgres} of its database is there. Restore the Secret with its keys password and url, or delete the volume to begin with an empty database.`,
    };
  }
  memo.secrets.add(memory);
  return undefined;
}

/** Seen in the namespace's Secrets where they may be read, else by pods that wait for it. */
function isMissed({ secrets: known, pods }: Observed, name: string): boolean {
  if (known !== undefined) return !known.has(name);
  return pods.some(({ trouble }) => trouble?.message.includes(`secret "${name}" not found`));
}

function hasOtherShards({ children, spec, cluster }: Observed): boolean {
  const own = names(cluster.metadata);
  const exists = (shard: number) => children.has(`StatefulSet/${own.redis(shard)}`);
  const shards = spec.redis.managed?.shards ?? 0;
  return exists(0) && (!exists(shards - 1) || exists(shards));
}

async function create(
  { client, randomPassword }: ReconcileDeps,
  { observed, which, dryRun }: { observed: Observed; which: Which; dryRun: boolean },
  signal: AbortSignal,
): Promise<'exists' | 'created'> {
  const { name, namespace, uid } = observed.cluster.metadata;
  const secret = renderSecret({ name, namespace, uid, spec: observed.spec }, which, randomPassword());
  // No owner, whatever deletionPolicy says now: it may say something else later, and Secrets cannot be patched.
  const { ownerReferences: _owners, ...metadata } = secret.metadata;
  try {
    await client.create(secrets, { ...secret, metadata }, { fieldManager: managerName, dryRun, signal });
    return 'created';
  } catch (error) {
    if (isAlreadyExists(error)) return 'exists';
    throw error;
  }
}

async function remove({ client }: Pick<ReconcileDeps, 'client'>, { cluster }: Observed, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.delete(secrets, { name, namespace: cluster.metadata.namespace }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** With the ChatCluster, when its deletionPolicy says so. */
export async function removeSecrets(deps: Pick<ReconcileDeps, 'client'>, observed: Observed, signal: AbortSignal): Promise<void> {
  const own = names(observed.cluster.metadata);
  for (const which of listGeneratedSecrets({ ...observed.cluster.metadata, spec: observed.spec })) {
    await remove(deps, observed, which === 'database' ? own.databaseSecret : own.redisSecret, signal);
  }
}
