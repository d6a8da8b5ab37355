import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anySpec } from '@chatcluster/operator/api/testing-specs';
import { App, Chart } from 'cdk8s';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { ChatClusterManifests } from '../src/chat-cluster-manifests.ts';
import { renderChatCluster, renderSecret, renderTask } from '../src/render.ts';
import type { KubernetesObject } from '../src/types.ts';
import { clusterOf, facts, specs, tasks } from './specs.ts';

interface PodTemplate {
  metadata: { labels: Record<string, string> };
  spec: Record<string, unknown> & { containers: Container[]; securityContext: Record<string, unknown> };
}
interface Container {
  env?: { name: string; value?: string; valueFrom?: object }[];
  securityContext: Record<string, unknown>;
}
interface Workload {
  template: PodTemplate;
  selector?: { matchLabels: Record<string, string> };
  replicas?: number;
}

const specOf = (object: KubernetesObject) => object.spec as Workload;
const workloads = (objects: KubernetesObject[]) => objects.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind));
const find = (objects: KubernetesObject[], id: string) => {
  const found = objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === id);
  assert.ok(found, `${id} is missing`);
  return found;
};

for (const [name, spec] of Object.entries(specs)) {
  test(`renders ${name}`, (t) => {
    const objects = renderChatCluster(clusterOf(spec), facts);
    t.assert.snapshot(objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'), { serializers: [String] });
  });
}

for (const [name, task] of Object.entries(tasks)) {
  test(`renders ${name}`, (t) => {
    const objects = renderTask(clusterOf(specs.smallest), facts, task);
    t.assert.snapshot(objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'), { serializers: [String] });
  });
}

test('renders the same as the constructs', () => {
  for (const spec of Object.values(specs)) {
    const chart = new Chart(new App(), 'chart');
    new ChatClusterManifests(chart, 'cluster', { cluster: clusterOf(spec), facts });
    assert.deepEqual(renderChatCluster(clusterOf(spec), facts), chart.toJson());
  }
});

/** Every set of labels that picks pods, wherever it stands. */
function selectorsOf(objects: KubernetesObject[]): string[] {
  const found: string[] = [];
  JSON.stringify(objects, (key, value: unknown) => {
    const isSelector =
      key === 'matchLabels' || (key === 'selector' && typeof value === 'object' && value !== null && !('matchLabels' in value));
    if (isSelector) found.push(JSON.stringify(value));
    return value;
  });
  return found.filter((selector) => selector.includes('"chatcluster"'));
}

function overlaps(selector: string, labels: Record<string, string>): boolean {
  return Object.entries(JSON.parse(selector) as Record<string, string>).every(([key, value]) => labels[key] === value);
}

test('two clusters in one namespace share no selector, no name and no pod', () => {
  const [one, two] = ['chat', 'chat2'].map((name) => renderChatCluster(clusterOf(specs.smallest, name), facts)) as [
    KubernetesObject[],
    KubernetesObject[],
  ];
  const ids = new Set(one.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  for (const { kind, metadata } of two) assert.ok(!ids.has(`${kind}/${metadata.name}`), `both have ${kind}/${metadata.name}`);
  for (const selector of selectorsOf(one)) {
    for (const workload of workloads(two)) assert.ok(!overlaps(selector, specOf(workload).template.metadata.labels), selector);
  }
  assert.ok(selectorsOf(one).length > 20);
});

test('components of one cluster do not pick the pods of another component', () => {
  const objects = renderChatCluster(clusterOf(specs.smallest), facts);
  for (const object of workloads(objects).filter(({ kind }) => kind !== 'Job')) {
    const selector = JSON.stringify(specOf(object).selector?.matchLabels);
    const picked = workloads(objects).filter((other) => overlaps(selector, specOf(other).template.metadata.labels));
    assert.deepEqual(
      picked.map(({ metadata }) => metadata.name),
      [object.metadata.name],
    );
  }
});

test('leaves the number of realtime pods to /scale', () => {
  const realtime = (objects: KubernetesObject[]) => specOf(find(objects, 'Deployment/chat-realtime'));
  assert.equal(realtime(renderChatCluster(clusterOf(specs.smallest), facts)).replicas, undefined);
  assert.equal(realtime(renderChatCluster(clusterOf(specs.smallest), { ...facts, realtimeReplicas: 3 })).replicas, 3);
  const alone = renderChatCluster(clusterOf({ ...specs.smallest, autoscaling: { engine: 'Disabled' }, replicas: 4 }), facts, {
    standalone: true,
  });
  assert.equal(realtime(alone).replicas, 4);
});

test('data has an owner only when it goes with the ChatCluster', () => {
  const storage = { ...specs.smallest, redis: { managed: { storage: {} } } };
  for (const deletionPolicy of ['Retain', 'Delete'] as const) {
    const cluster = clusterOf({ ...storage, database: { evaluation: {}, deletionPolicy } });
    const objects = [...renderChatCluster(cluster, facts), renderSecret(cluster, 'database', 'a'.repeat(32))];
    for (const object of objects) {
      const isData = ['PersistentVolumeClaim', 'Secret'].includes(object.kind);
      assert.equal(
        object.metadata.ownerReferences === undefined,
        isData && deletionPolicy === 'Retain',
        `${deletionPolicy} ${object.kind}`,
      );
    }
  }
});

test('a change of settings or of a Secret rolls the pods; nothing else does', () => {
  const templateOf = (spec = specs.smallest, of = facts) =>
    JSON.stringify(specOf(find(renderChatCluster(clusterOf(spec), of), 'Deployment/chat-api')).template);
  const before = templateOf();
  assert.notEqual(templateOf({ ...specs.smallest, limits: { messageMaxChars: 10 } }), before);
  assert.notEqual(templateOf(specs.smallest, { ...facts, checksums: { 'chat-redis': 'beef' } }), before);
  assert.equal(templateOf({ ...specs.smallest, replicas: 5, autoscaling: { maxReplicas: 7 } }), before);
});

test('what needs an API that the cluster has not is left out', () => {
  const none = { gatewayApi: false, serviceMonitor: false, prometheusRule: false, cloudNativePG: false, keda: false };
  const groups = renderChatCluster(clusterOf(specs.everything), { ...facts, capabilities: none }).map(({ apiVersion }) => apiVersion);
  assert.ok(
    groups.every((group) => /^(v1|apps\/v1|batch\/v1|policy\/v1|networking\.k8s\.io\/v1)$/.test(group)),
    groups.join(' '),
  );
});

test('for any spec the result is the same each time, named once, restricted, and holds no secret', () => {
  fc.assert(
    fc.property(anySpec, (spec) => {
      const cluster = clusterOf(spec);
      const objects = renderChatCluster(cluster, facts);
      assert.equal(JSON.stringify(renderChatCluster(clusterOf(spec), facts)), JSON.stringify(objects));
      const ids = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      assert.equal(new Set(ids).size, ids.length, ids.join(' '));
      for (const { metadata, kind } of objects) {
        assert.equal(metadata.namespace, 'team');
        assert.ok(metadata.name.length <= 63, metadata.name);
        assert.equal(metadata.labels['app.kubernetes.io/instance'], 'chat');
        assert.notEqual(kind, 'Secret');
      }
      for (const object of workloads(objects)) checkPod(specOf(object).template);
    }),
    { numRuns: 100 },
  );
});

function checkPod({ spec }: PodTemplate): void {
  assert.equal(spec.automountServiceAccountToken, false);
  assert.equal(spec.securityContext.runAsNonRoot, true);
  for (const { securityContext, env = [] } of spec.containers) {
    assert.equal(securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
    const names = env.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, `twice: ${names.join(' ')}`);
    // A password stands in no variable; it is put in by the kubelet.
    for (const { name, value = '' } of env) assert.doesNotMatch(value, /:\/\/[^@]*:(?!\$\()[^@/]+@/, name);
  }
}

test('a generated password must be safe in URLs and in redis.conf, and stands in Secrets only', () => {
  const cluster = clusterOf(specs.smallest);
  assert.throws(() => renderSecret(cluster, 'redis', 'with space\nand more'), /letters and digits/);
  const { stringData } = renderSecret(cluster, 'database', 'a1'.repeat(16)) as KubernetesObject & { stringData: Record<string, string> };
  assert.equal(new URL(stringData.url!).password, stringData.password);
});
