import { type ChatCluster, withDefaults } from '../api/index.ts';
import type { PodLoad } from '../autoscale/types.ts';
import type { ReconcileDeps } from '../controller/deps.ts';
import type { Memo } from '../controller/memo.ts';
import { isNewer } from '../runtime/resource-version.ts';
import type { Observed } from './observed.ts';
import type { Pod } from './pods.ts';

/** Where the operator only looks, and others scale. */
const relaxedIntervalMs = 30_000;

export interface Gathered {
  observed: Observed;
  /** The load was read in this pass. */
  isFresh: boolean;
  /** When it is to be read next; undefined: there is nobody to ask. */
  nextReadingMs: number | undefined;
}

/** Reads everything that decisions are made from. All of it comes from caches, but for the load of the pods. */
export async function gather(deps: ReconcileDeps, cached: ChatCluster, memo: Memo, signal: AbortSignal): Promise<Gathered> {
  const { now } = deps;
  const seen = await readCaches(deps, withNewestStatus(cached, memo), signal);
  const { spec, pods } = seen;
  const answering = pods.filter((pod) => pod.component === 'realtime' && pod.isReady && pod.ip && !pod.metadata.deletionTimestamp);
  const intervalMs = spec.autoscaling.engine === 'Operator' ? deps.scaleIntervalMs : Math.max(relaxedIntervalMs, deps.scaleIntervalMs);
  const isFresh = answering.length > 0 && now() - memo.readAtMs >= intervalMs;
  if (isFresh) {
    memo.readAtMs = now();
    memo.loads = await readLoads(deps, answering, signal);
  }
  const observed = { ...seen, loads: memo.loads, migrationAttempts: memo.migrationAttempts, nowMs: now() };
  return { observed, isFresh, nextReadingMs: answering.length > 0 ? Math.max(0, memo.readAtMs + intervalMs - now()) : undefined };
}

/** What the caches have of a ChatCluster; without loads. */
export async function readCaches(
  { watches, settings, now }: Pick<ReconcileDeps, 'watches' | 'settings' | 'now'>,
  cluster: ChatCluster,
  signal: AbortSignal,
): Promise<Observed> {
  const { namespace, name } = cluster.metadata;
  const key = `${namespace}/${name}`;
  return {
    cluster,
    spec: withDefaults(cluster.spec),
    children: watches.children(key),
    pods: watches.pods(key),
    capabilities: watches.capabilities(),
    secrets: await watches.secrets.of(namespace, signal),
    restores: watches.restores.ofCluster(key),
    loads: new Map(),
    settings,
    migrationAttempts: 0,
    nowMs: now(),
  };
}

async function readLoads({ readLoad }: ReconcileDeps, pods: readonly Pod[], signal: AbortSignal): Promise<ReadonlyMap<string, PodLoad>> {
  const readings = await Promise.all(pods.map(async ({ metadata, ip = '' }) => [metadata.uid ?? '', await readLoad(ip, signal)] as const));
  signal.throwIfAborted();
  return new Map(readings.flatMap(([uid, load]) => (load === undefined ? [] : [[uid, load] as const])));
}

/** The cache may be behind what was written last; deciding on the older one would write it again, with other dates. */
function withNewestStatus(cached: ChatCluster, memo: Memo): ChatCluster {
  const { status } = memo;
  if (status && isNewer(status.version, cached.metadata.resourceVersion)) return { ...cached, status: status.value };
  delete memo.status;
  return cached;
}
