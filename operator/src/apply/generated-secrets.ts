import { randomUUID } from 'node:crypto';
import { type GeneratedSecret, listGeneratedSecrets, nameOfSecret } from '@chatcluster/cdk8s/manifests/secrets';
import { publicUrl } from '@chatcluster/cdk8s/manifests/public-url';
import { names } from '@chatcluster/cdk8s/names';
import { renderSecret } from '@chatcluster/cdk8s/render';
import type { ReconcileDeps } from '../controller/deps.ts';
import { managerName, secrets } from '../controller/kinds.ts';
import type { Memo } from '../controller/memo.ts';
import type { Observed, Problem } from '../gather/observed.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { isAlreadyExists, isNotFound } from '../runtime/errors.ts';

interface Pass {
  deps: Pick<ReconcileDeps, 'client' | 'randomPassword'>;
  observed: Observed;
  memo: Memo;
  signal: AbortSignal;
}

/** On StatefulSets of Redis: which Secret they were made for. */
export const secretVersionAnnotation = 'chatcluster.dev/secret-version';

/** On the Deployment of the API: the address of the link for the first administrator. */
export const adminLinkAnnotation = 'chatcluster.dev/admin-link-address';

/**
 * Passwords that nobody gave. The operator can make and remove Secrets but not read or change them, so whether one is there
 * is found out by making it.
 */
export async function ensureSecrets(pass: Pass): Promise<Problem[]> {
  const wanted = listGeneratedSecrets({ ...pass.observed.cluster.metadata, spec: pass.observed.spec });
  if (wanted.includes('redis')) await ensureRedisSecret(pass);
  else delete pass.memo.redisSecret;
  if (wanted.includes('adminLink')) await ensureAdminLink(pass);
  else delete pass.memo.adminLinkUrl;
  const problem = wanted.includes('database') ? await ensureDatabaseSecret(pass) : undefined;
  return problem ? [problem] : [];
}

/** It is never made anew once its volume exists: the database would not know the new password. */
async function ensureDatabaseSecret(pass: Pass): Promise<Problem | undefined> {
  const { observed, memo } = pass;
  const own = names(observed.cluster.metadata);
  const name = own.databaseSecret;
  if (memo.hasDatabaseSecret && !isMissed(observed, name)) return undefined;
  const hasVolume = observed.children.has(`PersistentVolumeClaim/${own.postgres}`);
  const isThere = observed.secrets?.has(name) || (await create(pass, 'database', { dryRun: hasVolume })) === 'exists';
  if (isThere || !hasVolume) {
    memo.hasDatabaseSecret = true;
    return undefined;
  }
  memo.hasDatabaseSecret = false;
  return {
    about: 'database',
    reason: 'PasswordLost',
    message: `Secret ${name} is gone, but the volume ${own.postgres} of its database is there. Restore the Secret with its keys password and url, or delete the volume to begin with an empty database.`,
  };
}

/**
 * Its content names every server, so another number of them needs another Secret, and with it another password. Redis reads
 * it when it starts: the version makes servers and their clients start anew together.
 */
async function ensureRedisSecret(pass: Pass): Promise<void> {
  const { observed, memo } = pass;
  const own = names(observed.cluster.metadata);
  const shards = observed.spec.redis.managed?.shards ?? 0;
  const known = memo.redisSecret;
  // Until the cache has shown it once, its absence there says nothing: making it again would change the password again.
  if (known && observed.secrets?.has(own.redisSecret)) known.wasSeen = true;
  const isGone = isMissed(observed, own.redisSecret) && (known?.wasSeen ?? true);
  if (known?.shards === shards && !isGone) return;
  const found = observed.children.get(`StatefulSet/${own.redis(0)}`)?.metadata.annotations?.[secretVersionAnnotation];
  const isSettled = known === undefined && found !== undefined && hasShards(observed, shards) && !isGone;
  if (isSettled) {
    memo.redisSecret = { shards, version: found, wasSeen: true };
    return;
  }
  await remove(pass.deps.client, { namespace: observed.cluster.metadata.namespace, name: own.redisSecret }, pass.signal);
  await create(pass, 'redis', { dryRun: false });
  memo.redisSecret = { shards, version: randomUUID(), wasSeen: false };
}

/**
 * Pods read it when somebody uses the link, so it may be made anew at any time: when it was removed, and when people come by
 * another address. Once somebody is an administrator it grants nothing more; it stays, as nobody here is told that it was used.
 */
async function ensureAdminLink(pass: Pass): Promise<void> {
  const { observed, memo } = pass;
  const { namespace, name } = observed.cluster.metadata;
  const secret = nameOfSecret({ name }, 'adminLink');
  const url = publicUrl(observed) ?? '';
  const api = observed.children.get(`Deployment/${names({ name }).api}`);
  // After a restart the annotation tells: asking for each of a thousand took two seconds.
  const made = memo.adminLinkUrl ?? api?.metadata.annotations?.[adminLinkAnnotation];
  if (made !== url || isMissed(observed, secret)) {
    if (made !== undefined && made !== url) await remove(pass.deps.client, { namespace, name: secret }, pass.signal);
    await create(pass, 'adminLink', { dryRun: false });
  }
  memo.adminLinkUrl = url;
}

/** Exactly so many: while others exist, a change of the number is not through. */
function hasShards({ children, cluster }: Observed, shards: number): boolean {
  const own = names(cluster.metadata);
  const wanted = new Set(Array.from({ length: shards }, (_, shard) => `StatefulSet/${own.redis(shard)}`));
  const found = [...children.keys()].filter((id) => id.startsWith(`StatefulSet/${cluster.metadata.name}-redis-`));
  return found.length === wanted.size && found.every((id) => wanted.has(id));
}

/** Seen in the namespace's Secrets where they may be read, else by pods that wait for it. */
function isMissed({ secrets: known, pods }: Observed, name: string): boolean {
  if (known !== undefined) return !known.has(name);
  return pods.some(({ trouble }) => trouble?.message.includes(`secret "${name}" not found`));
}

async function create(
  { deps, observed, signal }: Pass,
  which: GeneratedSecret,
  { dryRun }: { dryRun: boolean },
): Promise<'exists' | 'created'> {
  const { name, namespace, uid } = observed.cluster.metadata;
  const secret = renderSecret({ name, namespace, uid, spec: observed.spec }, which, deps.randomPassword());
  // Of data no owner, whatever deletionPolicy says now: it may say something else later, and Secrets cannot be changed.
  const { ownerReferences, ...unowned } = secret.metadata;
  const metadata = which === 'adminLink' && ownerReferences ? { ...unowned, ownerReferences } : unowned;
  try {
    await deps.client.create(secrets, { ...secret, metadata }, { fieldManager: managerName, dryRun, signal });
    return 'created';
  } catch (error) {
    if (isAlreadyExists(error)) return 'exists';
    throw error;
  }
}

async function remove(client: KubeClient, ref: { namespace: string; name: string }, signal: AbortSignal): Promise<void> {
  try {
    await client.delete(secrets, ref, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** With the ChatCluster, when its deletionPolicy says so. */
export async function removeSecrets(client: KubeClient, { cluster, spec }: Observed, signal: AbortSignal): Promise<void> {
  const { namespace, name } = cluster.metadata;
  for (const which of listGeneratedSecrets({ ...cluster.metadata, spec })) {
    await remove(client, { namespace, name: nameOfSecret({ name }, which) }, signal);
  }
}
