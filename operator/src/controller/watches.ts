import type { ChatCluster, ChatClusterBackup, ChatClusterRestore } from '../api/index.ts';
import { discoverCapabilities } from '../gather/capabilities.ts';
import { type Child, createLeanChild } from '../gather/lean.ts';
import { leanPod, type Pod } from '../gather/pods.ts';
import { createShare } from '../gather/share.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type KubeObject, keyOf, type Resource } from '../runtime/object.ts';
import { createReflector, type Reflector, type ReflectorObserver, type ReflectorOptions } from '../runtime/reflector.ts';
import {
  appName,
  backups as backupResource,
  type Capabilities,
  chatClusters,
  childId,
  clusterKeyOf,
  labels,
  managerName,
  type OwnedKind,
  ownedKinds,
  pods,
  restores as restoreResource,
} from './kinds.ts';
import { createSecretStore, type SecretStore } from './secret-store.ts';
import { byClusterRef, clusterKeyOfTask, createTaskStore, type TaskStore } from './task-store.ts';

export interface Watches {
  cluster(key: string): ChatCluster | undefined;
  clusterKeys(): string[];
  /** `Kind/name` → child. */
  children(key: string): Map<string, Child>;
  pods(key: string): Pod[];
  backups: TaskStore<ChatClusterBackup>;
  restores: TaskStore<ChatClusterRestore>;
  secrets: SecretStore;
  capabilities(): Capabilities;
  /** Ends with the signal; never fails. */
  run(signal: AbortSignal): Promise<void>;
  /** Everything was listed once. */
  synced(): Promise<void>;
  hasSynced(): boolean;
  /** `id` names the child that changed. */
  subscribe(handler: (key: string, id?: string) => void): () => void;
}

export interface WatchesOptions {
  client: KubeClient;
  /** Empty: all. */
  namespaces: string[];
  log: Log;
  clock: Clock;
  metrics?: ReflectorObserver;
}

const refreshMs = 60_000;
const retryMs = 2_000;
const listPatienceMs = 10_000;
const nothing: Capabilities = { gatewayApi: false, serviceMonitor: false, prometheusRule: false, cloudNativePG: false, keda: false };
const byCluster = (object: KubeObject) => clusterKeyOf(object) ?? [];

/** Every cache that decisions are made from. Kinds that the cluster does not have are watched once it has them. */
export function createWatches({ client, namespaces, log, clock, metrics }: WatchesOptions): Watches {
  const scopes = namespaces.length > 0 ? namespaces : [undefined];
  const handlers = new Set<(key: string, id?: string) => void>();
  const tell = (key: string | undefined, id?: string) => {
    if (key !== undefined) for (const handler of handlers) handler(key, id);
  };
  const stopping = new AbortController();
  const ending: Promise<void>[] = [];
  const optional = new Map<OwnedKind, { reflectors: Reflector<Child>[]; stop: AbortController }>();
  const discovered = Promise.withResolvers<void>();
  let capabilities = nothing;
  let isDiscovered = false;

  function reflect<T extends KubeObject>(
    resource: Resource<T>,
    options: Omit<Partial<ReflectorOptions<T>>, 'metrics'> = {},
  ): Reflector<T>[] {
    return scopes.map((namespace) =>
      createReflector<T>({ client, resource, log, clock, ...(namespace && { namespace }), ...(metrics && { metrics }), ...options }),
    );
  }
  const lean = createLeanChild(createShare());
  function reflectChildren({ resource }: OwnedKind): Reflector<Child>[] {
    const labelSelector = `${labels.managedBy}=${managerName}`;
    const indexes = { cluster: (child: Child) => [byCluster(child)].flat() };
    const made = reflect<Child>(resource as Resource<Child>, { labelSelector, transform: lean, indexes });
    for (const one of made) {
      one.subscribe(({ object, previous }) => {
        const id = childId({ kind: resource.kind, metadata: object.metadata });
        // One that was relabelled concerns both.
        for (const key of new Set([clusterKeyOf(object), previous && clusterKeyOf(previous)])) tell(key, id);
      });
    }
    return made;
  }

  const clusters = reflect(chatClusters as Resource<ChatCluster & KubeObject>);
  for (const one of clusters) one.subscribe(({ object }) => tell(keyOf(object)));
  const podIndexes = { cluster: (pod: Pod) => [byCluster(pod)].flat() };
  const podReflectors = reflect<Pod>(pods as Resource<Pod>, {
    labelSelector: `${labels.name}=${appName}`,
    transform: leanPod as (pod: Pod) => Pod,
    indexes: podIndexes,
  });
  for (const one of podReflectors) one.subscribe(({ object }) => tell(clusterKeyOf(object)));
  const taskIndexes = { indexes: { cluster: byClusterRef } };
  const backupReflectors = reflect(backupResource, taskIndexes);
  const restoreReflectors = reflect(restoreResource, taskIndexes);
  // A new ChatCluster waits for its restore.
  for (const one of restoreReflectors) one.subscribe(({ object }) => tell(clusterKeyOfTask(object)));
  const tasks = [...backupReflectors, ...restoreReflectors];
  const alwaysByKind = ownedKinds.filter(({ needs }) => needs === undefined).map(reflectChildren);
  const always = alwaysByKind.flat();
  /** Namespaces in which everything was listed once; nothing is decided about the others. */
  const listed = new Set<Reflector<ChatCluster & KubeObject>>();
  const listings = clusters.map(async (ofScope, index) => {
    await Promise.all([ofScope, podReflectors[index]!, ...alwaysByKind.map((kind) => kind[index]!)].map((one) => one.synced()));
    // Chats are more than their backups: CRDs of an older release, which lack these, do not keep the operator from its work.
    const patience = sleep(clock, listPatienceMs, stopping.signal);
    await Promise.race([Promise.all([backupReflectors[index]!, restoreReflectors[index]!].map((one) => one.synced())), patience]);
    listed.add(ofScope);
    for (const cluster of ofScope.store.list()) tell(keyOf(cluster));
  });
  let isReady = false;

  /** Starts and ends the watches of kinds that came and went. */
  async function adopt(found: Capabilities): Promise<void> {
    for (const kind of ownedKinds) {
      if (kind.needs === undefined) continue;
      const running = optional.get(kind);
      if (found[kind.needs] && !running) {
        const started = { reflectors: reflectChildren(kind), stop: new AbortController() };
        const signal = AbortSignal.any([stopping.signal, started.stop.signal]);
        ending.push(...started.reflectors.map((one) => one.run(signal)));
        optional.set(kind, started);
        // One kind that cannot be listed does not keep the operator from its work.
        await Promise.race([Promise.all(started.reflectors.map((one) => one.synced())), sleep(clock, listPatienceMs, stopping.signal)]);
      } else if (!found[kind.needs] && running) {
        running.stop.abort();
        optional.delete(kind);
      }
    }
    const isChanged = JSON.stringify(found) !== JSON.stringify(capabilities);
    capabilities = found;
    if (isChanged && isDiscovered) for (const key of clusterKeys()) tell(key);
  }

  async function discover(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs = refreshMs;
      try {
        await adopt(await discoverCapabilities(client, signal));
        isDiscovered = true;
        discovered.resolve();
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'cannot see which APIs there are');
        if (!isDiscovered) waitMs = retryMs;
      }
      await sleep(clock, waitMs, signal);
    }
  }

  /** A namespace that is gone, or that it may not look into, does not keep it from the others. */
  async function becomeReady(): Promise<void> {
    await discovered.promise;
    await Promise.any(listings);
    await Promise.race([Promise.all(listings), sleep(clock, listPatienceMs, stopping.signal)]);
    if (listed.size < clusters.length)
      log.warn({ watched: listed.size, namespaces }, 'not every namespace can be watched; going on with the others');
    isReady = true;
  }
  const ready = becomeReady();

  const clusterKeys = () => [...listed].flatMap((one) => one.store.list().map(keyOf));
  const fixed = [...clusters, ...podReflectors, ...always];
  return {
    cluster: (key) => [...listed].map((one) => one.store.getByKey(key)).find((found) => found !== undefined),
    clusterKeys,
    children(key) {
      const all = [...always, ...[...optional.values()].flatMap(({ reflectors }) => reflectors)];
      return new Map(all.flatMap((one) => one.store.byIndex('cluster', key).map((child) => [childId(child), child] as const)));
    },
    backups: createTaskStore(backupReflectors),
    restores: createTaskStore(restoreReflectors),
    pods: (key) => podReflectors.flatMap((one) => one.store.byIndex('cluster', key)),
    secrets: createSecretStore({
      client,
      log,
      signal: stopping.signal,
      now: () => clock.now(),
      ...(metrics && { metrics }),
      onChange: (namespace) => {
        for (const one of clusters) for (const cluster of one.store.list(namespace)) tell(keyOf(cluster));
      },
      run: (task) => void ending.push(task),
    }),
    capabilities: () => capabilities,
    async run(signal) {
      signal.addEventListener('abort', () => stopping.abort(), { once: true });
      if (signal.aborted) stopping.abort();
      await Promise.all([...[...fixed, ...tasks].map((one) => one.run(stopping.signal)), discover(stopping.signal)]);
      await Promise.all(ending);
    },
    synced: () => ready,
    hasSynced: () => isReady,
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}
