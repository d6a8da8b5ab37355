import { randomBytes } from 'node:crypto';
import { createLedger } from './apply/ledger.ts';
import type { Config } from './config.ts';
import { startAdmin } from './controller/admin.ts';
import { createMemos } from './controller/memo.ts';
import { registerClusterMetrics } from './controller/metrics.ts';
import { createReconcile } from './controller/reconcile.ts';
import { createWatches, type Watches } from './controller/watches.ts';
import { createTaskControllers } from './tasks/controllers.ts';
import { createReadLoad, type ReadLoad } from './gather/load.ts';
import {
  type ClusterSource,
  createClient,
  createEventRecorder,
  createMetrics,
  createQueue,
  type Leadership,
  type Log,
  runController,
  runElected,
  systemClock,
} from './runtime/index.ts';

export interface AppOptions {
  config: Config;
  log: Log;
  /** Ends everything, in order. */
  signal: AbortSignal;
  /** Where the API server is. @default config.kubeconfig, else the service account of the pod */
  source?: ClusterSource;
  /** @default GET /metrics.json on the pod's address */
  readLoad?: ReadLoad;
  /** Told once the admin port is open. */
  onListening?: (port: number) => void;
}

const controller = 'chatcluster';

/** Runs one replica until the signal aborts. `lost`: another replica leads, and this process should end. */
export async function runApp({ config, log, signal, source, readLoad, onListening }: AppOptions): Promise<'released' | 'lost'> {
  await using stack = new AsyncDisposableStack();
  const clock = systemClock;
  const metrics = createMetrics();
  const client = await createClient(source ?? sourceOf(config), { metrics });
  stack.defer(() => client.close());
  const watches = createWatches({ client, namespaces: config.watchNamespaces, log, clock, metrics });
  registerClusterMetrics(metrics.registry, watches);
  const admin = await startAdmin({
    host: config.host,
    port: config.adminPort,
    registry: metrics.registry,
    isLive: () => true,
    isReady: watches.hasSynced,
    desiredReplicas: (key) => watches.cluster(key)?.status?.autoscaler?.desired,
  });
  stack.use(admin);
  onListening?.(admin.port);

  // Standbys watch too, so that a failover costs no listing. The watches outlive the leadership.
  const watching = new AbortController();
  const watchesEnd = watches.run(watching.signal);
  stack.defer(async () => {
    watching.abort();
    await watchesEnd;
  });
  const events = createEventRecorder({ client, controller: 'chatcluster.dev/operator', instance: config.podName, log });
  stack.defer(() => events.flush());
  const ledger = createLedger();
  // Until leadership nobody listens; what was missed is in the stores.
  watches.subscribe((key, id) => id !== undefined && ledger.seen(key, id));

  async function lead(leadership: Pick<Leadership, 'client' | 'signal'>): Promise<void> {
    const { signal: ending } = leadership;
    const deps = {
      client: leadership.client,
      watches,
      ledger,
      memos: createMemos(),
      events,
      readLoad: readLoad ?? createReadLoad(),
      settings: config,
      scaleIntervalMs: config.scaleIntervalSeconds * 1_000,
      now: () => clock.wall().getTime(),
      log,
      randomPassword: () => randomBytes(24).toString('hex'),
    };
    const common = { sources: [], signal: ending, concurrency: config.workers, log, metrics, clock };
    const clusters = { name: controller, reconcile: createReconcile(deps), wake: (add: Add) => watchClusters(watches, add) };
    await Promise.race([watches.synced(), aborted(ending)]);
    // Woken by what there is already: every subscription begins with it.
    const running = [clusters, ...createTaskControllers(deps)].map(async ({ name, reconcile, wake }) => {
      const queue = createQueue({ clock, observer: metrics.queueObserver(name) });
      const unsubscribe = wake((key) => queue.add(key));
      try {
        await runController({ ...common, name, reconcile, queue });
      } finally {
        unsubscribe();
      }
    });
    await Promise.all(running);
  }

  if (!config.leaderElection) {
    await lead({ client, signal });
    return 'released';
  }
  return await runElected({
    client,
    namespace: config.podNamespace,
    name: config.leaseName,
    identity: config.podName,
    signal,
    run: lead,
    log,
    metrics,
    clock,
  });
}

type Add = (key: string) => void;

function watchClusters(watches: Watches, add: Add): () => void {
  const unsubscribe = watches.subscribe((key) => add(key));
  for (const key of watches.clusterKeys()) add(key);
  return unsubscribe;
}

function sourceOf({ kubeconfig }: Config): ClusterSource {
  return kubeconfig === undefined ? { inCluster: true } : { kubeconfig };
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
