/** `node operator/src/runtime/testing-measure.ts`: the runtime's figures against a real API server, as JSON. */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../../tools/src/testing.ts';
import { runController, source } from './controller.ts';
import { createClient } from './create-client.ts';
import { silentLog } from './log.ts';
import { parseKey } from './object.ts';
import { createReflector } from './reflector.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS, configMap } from './testing-config-map.ts';
import { startTestingProxy } from './testing-proxy.ts';

const objects = 1_000;
const edits = 200;
/** About what a pod takes as JSON. */
const payload = 'x'.repeat(4_000);

const rounded = (value: number) => Math.round(value * 10) / 10;

function percentile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN;
}

async function inParallel(count: number, width: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function measurePooling({ connection }: TestingCluster) {
  const client = await createClient({ connection });
  const startedAt = performance.now();
  await inParallel(2_000, 8, () => client.find(CONFIG_MAPS, { namespace: 'default', name: 'none' }));
  const seconds = (performance.now() - startedAt) / 1_000;
  const { requests } = client.stats();
  await client.close();
  return { ...requests, requestsPerConnection: requests.requests / requests.connections, requestsPerSecond: Math.round(2_000 / seconds) };
}

async function measureStore({ client, connection, createNamespace }: TestingCluster) {
  const namespace = await createNamespace();
  await inParallel(objects, 16, (index) => client.create(CONFIG_MAPS, configMap(namespace, `m${index}`, { payload })));
  const { tls } = await connection.credentials();
  const texts = Object.fromEntries(Object.entries(tls).flatMap(([name, value]) => (value ? [[name, String(value)]] : [])));
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'testing-measure-child.ts')], {
    env: { ...process.env, MEASURE_SERVER: connection.server, MEASURE_TLS: JSON.stringify(texts), MEASURE_NAMESPACE: namespace },
  });
  return { objectBytes: payload.length, ...(JSON.parse(stdout) as object) };
}

/** A controller that copies one field: from the edit's answer to the arrival of its first write at the API server. */
async function measureController(cluster: TestingCluster) {
  await using proxy = await startTestingProxy(cluster.connection);
  const client = await createClient({ connection: proxy.connection });
  const namespace = await cluster.createNamespace();
  const reflector = createReflector({ client, resource: CONFIG_MAPS, namespace });
  const stop = new AbortController();
  const writtenAt = new Map<string, number>();
  const controller = runController({
    name: 'copy',
    log: silentLog,
    signal: stop.signal,
    concurrency: 4,
    sources: [source(reflector)],
    async reconcile(key, signal) {
      const found = reflector.store.getByKey(key);
      const value = found?.data?.value;
      if (value === undefined || found?.metadata.annotations?.value === value) return;
      writtenAt.set(`${found?.metadata.name} ${value}`, performance.now());
      await client.apply(CONFIG_MAPS, { metadata: { ...parseKey(key), annotations: { value } } }, { fieldManager: 'copy', signal });
    },
  });
  const running = Promise.all([reflector.run(stop.signal), controller]);
  await inParallel(objects, 16, (index) => cluster.client.create(CONFIG_MAPS, configMap(namespace, `m${index}`, { value: '0' })));
  await eventually(() => reflector.store.list().filter(({ metadata }) => metadata.annotations?.value === '0').length === objects, {
    deadlineMs: 120_000,
  });
  const requestsBefore = proxy.requests.length;
  const cpuBefore = process.cpuUsage();
  const idleMs = 10_000;
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const cpu = process.cpuUsage(cpuBefore);
  const idleRequests = proxy.requests.length - requestsBefore;
  const latencies: number[] = [];
  for (let index = 0; index < edits; index += 1) {
    const sentAt = performance.now();
    await cluster.client.patch(CONFIG_MAPS, { namespace, name: `m${index}` }, { data: { value: '1' } });
    latencies.push((await eventually(() => writtenAt.get(`m${index} 1`))) - sentAt);
  }
  stop.abort();
  await running;
  await client.close();
  return {
    steadyState: { objects, seconds: idleMs / 1_000, requests: idleRequests, cpuPercent: rounded((cpu.user + cpu.system) / idleMs / 10) },
    editToFirstWrite: { edits, p50Ms: rounded(percentile(latencies, 0.5)), p99Ms: rounded(percentile(latencies, 0.99)) },
  };
}

await using cluster = await startTestingCluster();
const machine = { cores: cpus().length, node: process.version, kubernetes: (await cluster.client.raw('/version')) as object };
const figures = {
  machine,
  pooling: await measurePooling(cluster),
  store: await measureStore(cluster),
  ...(await measureController(cluster)),
};
process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
