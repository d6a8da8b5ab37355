import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatClusterCrd } from '@chatcluster/operator/api/index';
import { createTestApi, type TestApi } from '@chatcluster/operator/api/testing';
import { anySpec } from '@chatcluster/operator/api/testing-specs';
import { type ControlPlane, startControlPlane } from '@chatcluster/tools/kubernetes/control-plane';
import { eventually } from '@chatcluster/tools/testing';
import fc from 'fast-check';
import { renderInstallation, renderInstallationSecrets } from '../src/installation.ts';
import { renderOperator } from '../src/operator/render-operator.ts';
import { renderChatCluster, renderSecret, renderTask } from '../src/render.ts';
import type { KubernetesObject } from '../src/types.ts';
import { type ForeignCrd, loadForeignCrds } from './foreign-crds.ts';
import { clusterOf, facts, plainFacts, specs, tasks } from './specs.ts';

/** Of every kind that we render. */
const plurals: Record<string, string> = { Ingress: 'ingresses', NetworkPolicy: 'networkpolicies' };
const clusterScoped = new Set(['ClusterRole', 'ClusterRoleBinding']);
let plane: ControlPlane;
let api: TestApi;

function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = clusterScoped.has(kind) ? '' : `/namespaces/${metadata.namespace}`;
  return `${group}${namespace}/${plurals[kind] ?? `${kind.toLowerCase()}s`}/${metadata.name}`;
}

async function must(call: Promise<{ status: number; body: Record<string, unknown> }>, what: string): Promise<void> {
  const { status, body } = await call;
  assert.ok(status < 300, `${what}: ${status} ${String(body.message)}`);
}

async function apply(object: KubernetesObject, dryRun = true): Promise<void> {
  await must(api.apply(pathOf(object), object, { dryRun }), `${object.kind}/${object.metadata.name}`);
}

/** Pod Security looks at Pods; of Deployments it would only warn. */
async function admitPod(object: KubernetesObject): Promise<void> {
  const template = (object.spec as { template?: { metadata: object; spec: object } } | undefined)?.template;
  if (!template) return;
  const metadata = { ...template.metadata, name: 'probe', namespace: object.metadata.namespace };
  const restartPolicy = object.kind === 'Job' ? 'Never' : 'Always';
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...template.spec, restartPolicy } };
  const path = `/api/v1/namespaces/${object.metadata.namespace}/pods?dryRun=All&fieldValidation=Strict`;
  await must(api.send('POST', path, pod), `pods of ${object.metadata.name}`);
}

async function admit(objects: KubernetesObject[]): Promise<void> {
  for (const object of objects.filter(({ kind }) => kind === 'ServiceAccount')) await apply(object, false);
  for (const object of objects) {
    await apply(object);
    await admitPod(object);
  }
}

async function installCrds(): Promise<void> {
  const all: ForeignCrd[] = [...loadForeignCrds(), chatClusterCrd() as unknown as ForeignCrd];
  await Promise.all(
    all.map(async (crd) => {
      await must(api.apply(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`, crd), crd.metadata.name);
      const { group, versions, names } = crd.spec;
      const path = `/apis/${group}/${versions.at(-1)!.name}/${names.plural}?limit=1`;
      await eventually(async () => (await api.send('GET', path)).status === 200, {
        message: `${crd.metadata.name} is not served`,
        deadlineMs: 20_000,
      });
    }),
  );
}

before(async () => {
  plane = await startControlPlane();
  api = createTestApi(plane.kubeconfig);
  for (const name of ['team', 'chatcluster-system']) {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'latest' };
    await must(api.apply(`/api/v1/namespaces/${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }), name);
  }
  await must(
    api.apply('/apis/scheduling.k8s.io/v1/priorityclasses/chat', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'chat' },
      value: 1,
    }),
    'PriorityClass',
  );
  const mine = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'mine', namespace: 'team' } };
  await must(api.apply('/api/v1/namespaces/team/serviceaccounts/mine', mine), 'ServiceAccount');
  await installCrds();
});

after(async () => {
  api?.[Symbol.dispose]();
  await plane?.stop();
});

for (const [name, spec] of Object.entries(specs)) {
  test(`the API server takes every object of ${name}, and its pods where only restricted ones are`, async () => {
    await admit(renderChatCluster(clusterOf(spec), facts));
  });
  test(`and so the same without the operator: ${name}`, async () => {
    await admit(renderChatCluster(clusterOf(spec, 'alone', undefined), facts, { standalone: true }));
  });
}

for (const [name, task] of Object.entries(tasks)) {
  test(`the API server takes every object of ${name}, and its pod where only restricted ones are`, async () => {
    const accounts = renderChatCluster(clusterOf(specs.smallest), facts).filter(({ kind }) => kind === 'ServiceAccount');
    await admit([...accounts, ...renderTask(clusterOf(specs.smallest), facts, task)]);
  });
}

test('the API server takes the generated Secrets and a whole installation as plain YAML', async () => {
  const written = {
    apiVersion: 'chatcluster.dev/v1beta1',
    kind: 'ChatCluster',
    metadata: { name: 'plain', namespace: 'team' },
    spec: specs.smallest,
  };
  await admit([
    ...renderInstallationSecrets(written, { version: '1.4.0' }, () => 'a1'.repeat(12)),
    ...renderInstallation(written, { version: '1.4.0' }),
  ]);
  await apply(renderSecret(clusterOf(specs.smallest), 'redis', 'a1'.repeat(12)));
});

test('the API server takes the operator, for all namespaces and for some', async () => {
  const options = { namespace: 'chatcluster-system', version: '1.4.0', serviceMonitor: true };
  await admit(renderOperator(options));
  await admit(renderOperator({ ...options, watchNamespaces: ['team'], imagePullSecrets: ['pull'], replicas: 1 }));
});

test('the API server takes what is rendered for any spec', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(anySpec, async (given) => {
      // Priority classes and accounts would have to exist.
      const { priorityClassName: _class, serviceAccountName: _account, ...podTemplate } = given.podTemplate ?? {};
      const objects = renderChatCluster(clusterOf({ ...given, podTemplate }), plainFacts);
      for (const object of objects) {
        const text = JSON.stringify(object);
        if (!seen.has(text)) await apply(object);
        seen.add(text);
      }
    }),
    { numRuns: 25 },
  );
});
