import { startControlPlane } from '../../../tools/src/kubernetes/control-plane.ts';
import type { KubeClient } from './client-types.ts';
import type { Connection } from './connection.ts';
import { createClient } from './create-client.ts';
import { openConnection } from './kube-config.ts';
import { createMetrics, type RuntimeMetrics } from './metrics.ts';
import { defineResource } from './object.ts';

export const NAMESPACES = defineResource({ apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false });

export interface TestingCluster extends AsyncDisposable {
  kubeconfig: string;
  connection: Connection;
  client: KubeClient;
  metrics: RuntimeMetrics;
  /** A new namespace for every test: nothing deletes namespaces without a controller manager. */
  createNamespace(): Promise<string>;
  /** Makes etcd forget every version but the current ones. */
  compact(): Promise<void>;
}

/** By etcd's HTTP gateway; keys and numbers are base64 and strings in it. */
async function compact(etcd: string): Promise<void> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${etcd}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}`);
    return (await response.json()) as { header: { revision: string } };
  };
  const { header } = await post('/v3/kv/range', { key: Buffer.from('/').toString('base64') });
  await post('/v3/kv/compaction', { revision: header.revision, physical: true });
}

/** A real API server with etcd, and an administrator's client. */
export async function startTestingCluster(): Promise<TestingCluster> {
  const plane = await startControlPlane();
  const connection = await openConnection({ kubeconfig: plane.kubeconfig });
  const metrics = createMetrics();
  const client = await createClient({ connection }, { metrics });
  let namespaces = 0;
  return {
    kubeconfig: plane.kubeconfig,
    connection,
    client,
    metrics,
    async createNamespace() {
      namespaces += 1;
      const name = `test-${namespaces}`;
      await client.create(NAMESPACES, { metadata: { name } });
      return name;
    },
    // The control plane takes its ports in a row, etcd's first.
    compact: () => compact(`http://127.0.0.1:${plane.port - 2}`),
    async [Symbol.asyncDispose]() {
      await client.close();
      await plane.stop();
    },
  };
}
