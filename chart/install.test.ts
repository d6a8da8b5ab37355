import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { startControlPlane } from '@chatcluster/tools/kubernetes/control-plane';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { eventually } from '@chatcluster/tools/testing';
import { chartDir, createHelm, find, type Helm, installed, NAMESPACE, RELEASE, setValues } from './_helm.ts';

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
const CRD = 'chatclusters.chatcluster.dev';
let helm: Helm;
let kubectl: (...args: string[]) => Promise<string>;
let kubeconfig: string;
let dir: string;

before(async () => {
  const controlPlane = stack.use(await startControlPlane());
  kubeconfig = controlPlane.kubeconfig;
  helm = stack.use(await createHelm({ KUBECONFIG: kubeconfig }));
  const program = await ensureTool('kubectl');
  kubectl = async (...args) => (await run(program, ['--kubeconfig', kubeconfig, ...args])).stdout.trim();
  dir = mkdtempSync(join(tmpdir(), 'chat-chart-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
});
after(() => stack.disposeAsync());

const install = (values: object = {}) =>
  helm.run('install', RELEASE, chartDir, '-n', NAMESPACE, '--create-namespace', ...setValues(values));
const upgrade = (values: object = {}, chart = chartDir) =>
  helm.run('upgrade', RELEASE, chart, '-n', NAMESPACE, '--reset-values', ...setValues(values));
const get = async (kind: string, name: string, path: string) => kubectl('get', kind, name, '-n', NAMESPACE, '-o', `jsonpath=${path}`);
const exists = async (kind: string, name: string) =>
  (await kubectl('get', kind, name, '-n', NAMESPACE, '--ignore-not-found', '-o', 'name')) !== '';

/** Files for kubectl; JSON is YAML. */
function write(name: string, manifests: readonly unknown[]): string {
  const file = join(dir, name);
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  return file;
}

/** The chart with one more field in the CRD, as a later release would have it. */
function laterChart(): string {
  const later = join(dir, 'later');
  cpSync(chartDir, later, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const file = join(later, 'templates/crd.yaml');
  const text = readFileSync(file, 'utf8');
  const changed = text.replace('shortNames:\n', 'shortNames:\n      - later\n');
  assert.notEqual(changed, text);
  writeFileSync(file, changed);
  return later;
}

it('is accepted by the API server, warnings included, in a namespace that enforces Pod Security "restricted"', async () => {
  await kubectl('create', 'namespace', 'strict');
  await kubectl(
    'label',
    'namespace',
    'strict',
    'pod-security.kubernetes.io/enforce=restricted',
    'pod-security.kubernetes.io/warn=restricted',
  );
  const manifests = await helm.template({}, { namespace: 'strict' });
  const { template } = find(manifests, 'Deployment').spec as { template: { metadata: object; spec: object } };
  // A Deployment is only warned about, a Pod is refused; without its account, which a dry run does not make.
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name: 'like-the-deployment' },
    spec: { ...template.spec, serviceAccountName: undefined },
  };
  await kubectl('create', 'serviceaccount', 'default', '-n', 'strict');
  const file = write('strict.json', [...installed(manifests), find(manifests, 'Pod'), pod]);
  const program = await ensureTool('kubectl');
  const { stdout, stderr } = await run(program, [
    '--kubeconfig',
    kubeconfig,
    'apply',
    '-n',
    'strict',
    '--dry-run=server',
    '--validate=strict',
    '-f',
    file,
  ]);
  assert.equal(stderr, '');
  assert.equal(stdout.trim().split('\n').length, installed(manifests).length + 2);
});

it('installs, upgrades, rolls back and uninstalls; the CRD and the ChatCluster stay', async () => {
  const first = await install({ chatCluster: { enabled: true } });
  if (helm.major === 3) assert.match(first, /Helm 3 cannot make a ChatCluster in the step that makes its kind/);
  const notes = helm.major === 3 ? await helm.run('upgrade', RELEASE, chartDir, '-n', NAMESPACE, '--reuse-values') : first;
  assert.match(notes, /kubectl wait --for=condition=Ready chatcluster\/chat/);
  assert.equal(await get('deployment', RELEASE, '{.spec.replicas}'), '2');
  const uid = await get('chatcluster', 'chat', '{.metadata.uid}');
  assert.notEqual(uid, '');

  await upgrade({
    replicas: 1,
    chatCluster: { enabled: true, spec: { paused: true, database: { evaluation: {} }, redis: { managed: {} } } },
  });
  assert.equal(await get('deployment', RELEASE, '{.spec.replicas}'), '1');
  assert.equal(await get('chatcluster', 'chat', '{.spec.paused}'), 'true');
  assert.equal(await get('chatcluster', 'chat', '{.metadata.annotations.helm\\.sh/hook}'), '');

  await helm.run('rollback', RELEASE, '1', '-n', NAMESPACE);
  assert.equal(await get('deployment', RELEASE, '{.spec.replicas}'), '2');

  await upgrade();
  assert.equal(await get('chatcluster', 'chat', '{.metadata.uid}'), uid, 'it left the values, not the cluster');

  const kept = await helm.run('uninstall', RELEASE, '-n', NAMESPACE);
  assert.match(kept, /kept due to the resource policy:[^]*chatclusters\.chatcluster\.dev/);
  assert.equal(await exists('deployment', RELEASE), false);
  assert.equal(await exists('clusterrole', RELEASE), false);
  assert.equal(await exists('crd', CRD), true);
  assert.equal(await get('chatcluster', 'chat', '{.metadata.uid}'), uid);

  await install({ chatCluster: { enabled: true } });
  assert.equal(await get('chatcluster', 'chat', '{.metadata.uid}'), uid, 'the same one is taken up again');
});

it('upgrades the CRD with the chart', async () => {
  assert.equal(await get('crd', CRD, '{.spec.names.shortNames}'), '["cc"]');
  await upgrade({}, laterChart());
  assert.equal(await get('crd', CRD, '{.spec.names.shortNames}'), '["later","cc"]');
  await upgrade();
  assert.equal(await get('crd', CRD, '{.spec.names.shortNames}'), '["cc"]');
});

it('lets the account of the operator do its work, and nothing beyond', async () => {
  const account = `system:serviceaccount:${NAMESPACE}:${RELEASE}`;
  const can = async (namespace: string, ...what: string[]) =>
    (await kubectl('auth', 'can-i', ...what, '-n', namespace, '--as', account).catch((error: { stdout: string }) => error.stdout)).trim();
  const all = async (namespace: string) => [
    await can(namespace, 'patch', 'deployments.apps'),
    await can(namespace, 'list', 'chatclusterrestores.chatcluster.dev'),
    await can(namespace, 'list', 'secrets'),
    await can(namespace, 'create', 'rolebindings.rbac.authorization.k8s.io'),
  ];
  assert.deepEqual(await all('default'), ['yes', 'yes', 'no', 'no']);
  assert.deepEqual(await all(NAMESPACE), ['yes', 'yes', 'yes', 'no']);
  await kubectl('create', 'namespace', 'team');
  await upgrade({ rbac: { scope: 'namespaces', watchNamespaces: ['team'] } });
  assert.deepEqual(await all('team'), ['yes', 'yes', 'yes', 'no']);
  assert.deepEqual(await all('default'), ['no', 'no', 'no', 'no']);
});

it('goes without a trace when it shall not keep the CRD', async () => {
  // An operator has read all three kinds. The API server does not try again for minutes (crd_finalizer.go leaves that to its resync)
  // when the deletion of a CRD is the first to ask for its objects: "could not list instances: storage is (re)initializing".
  await kubectl('get', 'chatclusters,chatclusterbackups,chatclusterrestores', '--all-namespaces');
  await kubectl('delete', 'chatclusters', '--all', '-n', NAMESPACE);
  await upgrade({ crds: { keep: false } });
  // Without --wait: that of Helm 4 may miss that something is gone, and waits on (helm/helm#31766).
  await helm.run('uninstall', RELEASE, '-n', NAMESPACE);
  // The API server ends a CRD some time after it was deleted, once it has looked for objects of its kind.
  await eventually(async () => (await kubectl('get', 'crd', '-o', 'name')) === '', { deadlineMs: 120_000, intervalMs: 200 });
});

it('tells what the CRD has against a ChatCluster, and makes none', async () => {
  await install();
  const spec = { database: { evaluation: {}, external: { urlSecretRef: { name: 'db', key: 'url' } } }, redis: { managed: {} } };
  const error = await helm.fail('upgrade', RELEASE, chartDir, '-n', NAMESPACE, ...setValues({ chatCluster: { enabled: true, spec } }));
  assert.match(error, /exactly one|one of/i);
  assert.equal(await exists('chatcluster', 'chat'), false);
});
