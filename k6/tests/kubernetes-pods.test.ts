import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { chatClusterCrd } from '@chatcluster/operator/api/index';
import { startControlPlane } from '@chatcluster/tools/kubernetes/control-plane';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { eventually } from '@chatcluster/tools/testing';
import { createKubernetesPods } from '../driver/kubernetes-pods.ts';
import { renderJob } from '../job.ts';

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
let kubeconfig: string;
let kubectl: (...args: string[]) => Promise<string>;

async function apply(name: string, object: object): Promise<void> {
  const file = join(kubeconfig, '..', name);
  writeFileSync(file, JSON.stringify(object));
  await kubectl('apply', '--server-side', '-f', file);
}

before(async () => {
  const controlPlane = stack.use(await startControlPlane());
  kubeconfig = controlPlane.kubeconfig;
  const program = await ensureTool('kubectl');
  kubectl = async (...args) => (await run(program, ['--kubeconfig', kubeconfig, ...args])).stdout.trim();
  await apply('crd.json', chatClusterCrd());
  await kubectl('wait', '--for=condition=Established', 'crd/chatclusters.chatcluster.dev', '--timeout=30s');
});
after(() => stack.disposeAsync());

async function createChat(name: string, engine: string): Promise<void> {
  const spec = { replicas: 2, autoscaling: { engine }, database: { evaluation: {} }, redis: { managed: {} } };
  const object = { apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', metadata: { name, namespace: 'default' }, spec };
  await eventually(() => apply(`${name}.json`, object).then(() => true), { deadlineMs: 20_000, message: 'the kind is served' });
}

const replicas = (name: string) => kubectl('get', 'chatcluster', name, '-o', 'jsonpath={.spec.replicas}');

async function createPod(name: string): Promise<void> {
  const labels = { 'app.kubernetes.io/instance': 'chat', 'app.kubernetes.io/component': 'realtime' };
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'server', image: 'none' }] };
  await apply(`${name}.json`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } });
  await apply(`${name}.json`, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec });
  await kubectl('patch', 'pod', name, '--subresource=status', '--type=merge', '-p', '{"status":{"phase":"Running"}}');
}

/** What the operator does when the pods are there. */
async function makeReady(name: string, count: number): Promise<void> {
  await eventually(async () => (await replicas(name)) === String(count), { deadlineMs: 20_000, message: `${count} replicas are wanted` });
  const patch = JSON.stringify({ status: { replicas: count, readyReplicas: count } });
  await kubectl('patch', 'chatcluster', name, '--subresource=status', '--type=merge', '-p', patch);
}

it('scales through the ChatCluster, waits until the pods are ready, and scales back', async () => {
  await createChat('chat', 'Disabled');
  const said: string[] = [];
  const pods = await createKubernetesPods({ kubeconfig, namespace: 'default', name: 'chat' }, ['http://front'], (text) => said.push(text));
  await createPod('chat-realtime-x');
  await createPod('chat-realtime-leaving');
  await kubectl('patch', 'pod', 'chat-realtime-leaving', '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/slow"]}}');
  await kubectl('delete', 'pod', 'chat-realtime-leaving', '--wait=false', '--grace-period=0', '--force');
  const [used] = await Promise.all([pods.use(3), makeReady('chat', 3)]);
  assert.deepEqual(used.urls, ['http://front']);
  assert.match(used.adminUrls.join(), /^http:\/\/127\.0\.0\.1:\d+\/api\/v1\/namespaces\/default\/pods\/chat-realtime-x:9090\/proxy$/);
  // No kubelet: the API server finds no address. That it is the API server that answers is enough here.
  assert.match(await (await fetch(`${used.adminUrls[0]}/metrics`)).text(), /"kind":"Status"/);
  assert.deepEqual(said, ['scaling chatcluster/chat to 3']);
  await Promise.all([pods[Symbol.asyncDispose](), makeReady('chat', 2)]);
  assert.equal(await replicas('chat'), '2');
});

it('makes a Job that the API server takes without a warning where Pod Security is restricted', async () => {
  await apply('strict.json', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'strict',
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' },
    },
  });
  const file = join(kubeconfig, '..', 'job.json');
  const items = renderJob({ scenario: 'smoke', cluster: 'chat', namespace: 'strict' });
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const flags = ['--kubeconfig', kubeconfig, 'apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', file];
  const { stdout, stderr } = await run(await ensureTool('kubectl'), flags);
  assert.equal(stderr, '');
  assert.match(stdout, /configmap\/chat-k6-smoke serverside-applied[^]*job\.batch\/chat-k6-smoke serverside-applied/);
});

it('says what to change when the cluster scales itself', async () => {
  await createChat('auto', 'Operator');
  await assert.rejects(
    createKubernetesPods({ kubeconfig, namespace: 'default', name: 'auto' }, [], () => undefined),
    {
      name: 'TargetError',
      message:
        /scales itself \(engine Operator\).*patch chatcluster\/auto --type merge -p '\{"spec":\{"autoscaling":\{"engine":"Disabled"\}\}\}'/,
    },
  );
});
