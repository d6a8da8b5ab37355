import {
  createClient,
  createReflector,
  defineResource,
  type KubeObject,
  parseKey,
  runController,
  runElected,
  silentLog,
  source,
} from './index.ts';

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}
const CONFIG_MAPS = defineResource<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true });

/** Counts the keys of every ConfigMap that is labelled `count: please`, in an annotation of it. */
export async function runExample(kubeconfig: string, signal: AbortSignal): Promise<void> {
  const client = await createClient({ kubeconfig });
  const configMaps = createReflector({ client, resource: CONFIG_MAPS, labelSelector: 'count=please' });
  const lease = { client, namespace: 'default', name: 'example', identity: crypto.randomUUID(), signal };
  // The reflector runs in every replica, so that a new leader need not list first.
  const reflecting = configMaps.run(signal);
  await runElected({
    ...lease,
    run: (leader) =>
      runController({
        name: 'example',
        sources: [source(configMaps)],
        signal: leader.signal,
        log: silentLog,
        async reconcile(key, signal) {
          const { name, namespace } = parseKey(key);
          const found = configMaps.store.getByKey(key);
          const keys = String(Object.keys(found?.data ?? {}).length);
          if (!found || found.metadata.annotations?.keys === keys) return;
          const metadata = { name, namespace, annotations: { keys } };
          await leader.client.apply(CONFIG_MAPS, { metadata }, { fieldManager: 'example', signal });
        },
      }),
  });
  await reflecting;
  await client.close();
}
