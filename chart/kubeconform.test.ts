import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { synth } from '@chatcluster/cdk8s/synth';
import { listCrds } from '@chatcluster/operator/api/index';
import { createTestApi } from '@chatcluster/operator/api/testing';
import { startControlPlane } from '@chatcluster/tools/kubernetes/control-plane';
import { schemaLocation, writeJsonSchemas } from '@chatcluster/tools/kubernetes/json-schemas';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { eventually } from '@chatcluster/tools/testing';
import { stringify } from 'yaml';
import { loadForeignCrds } from '../cdk8s/tests/foreign-crds.ts';
import { specs } from '../cdk8s/tests/specs.ts';
import { chartDir, createHelm, KUBERNETES, NAMESPACE, readManifests, RELEASE, setValues } from './_helm.ts';

const stack = new AsyncDisposableStack();
const dir = mkdtempSync(join(tmpdir(), 'chat-schemas-'));
stack.defer(() => rmSync(dir, { recursive: true, force: true }));

const values: Record<string, object> = {
  'default values': {},
  'listed namespaces': { rbac: { scope: 'namespaces', watchNamespaces: ['a', 'b'], secretNamespaces: ['a'] } },
  'everything that can be set': {
    image: { repository: 'mirror.example.com:5000/operator', pullPolicy: 'Always' },
    imagePullSecrets: [{ name: 'mirror' }],
    tolerations: [{ operator: 'Exists' }],
    nodeSelector: { disk: 'ssd' },
    monitoring: { serviceMonitor: 'Enabled' },
    chatCluster: { enabled: true, spec: specs.everything },
  },
};

/** Text and not objects, as people apply it: kubeconform also sees keys that stand there twice. */
async function renderAll(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  using helm = await createHelm();
  for (const [name, given] of Object.entries(values)) {
    texts.set(
      `the chart with ${name}`,
      await helm.run('template', RELEASE, chartDir, '--namespace', NAMESPACE, ...KUBERNETES, ...setValues(given)),
    );
  }
  for (const { metadata } of listCrds()) {
    texts.set(`the CRD ${metadata.name}`, readFileSync(join(chartDir, `../operator/generated/${metadata.name}.yaml`), 'utf8'));
  }
  const example = { apiVersion: 'chatcluster.dev/v1beta1', metadata: { name: 'one', namespace: 'team' } };
  const clusterRef = { name: 'chat' };
  const source = { s3: { bucket: 'backups', prefix: 'team/chat', credentialsSecretRef: { name: 'bucket' } } };
  texts.set('a backup', stringify({ ...example, kind: 'ChatClusterBackup', spec: { clusterRef } }));
  texts.set('a restore', stringify({ ...example, kind: 'ChatClusterRestore', spec: { clusterRef, source } }));
  for (const [name, spec] of Object.entries(specs)) {
    const written = { apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', metadata: { name: 'chat', namespace: 'team' }, spec };
    texts.set(`plain YAML of ${name}`, synth(['--file', '-', '--secrets', 'include'], () => stringify(written)).yaml);
    texts.set(`the ChatCluster ${name}`, stringify(written));
  }
  return texts;
}

async function writeSchemas(kinds: { apiVersion: string; kind: string }[]): Promise<void> {
  await using plane = await startControlPlane();
  using api = createTestApi(plane.kubeconfig);
  const get = async (path: string) => {
    const { status, body } = await api.send('GET', path);
    assert.equal(status, 200, `${path}: ${String(body.message)}`);
    return body;
  };
  for (const crd of [...loadForeignCrds(), ...listCrds()]) {
    const { status, body } = await api.apply(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`, crd);
    assert.ok(status < 300, `${crd.metadata.name}: ${String(body.message)}`);
  }
  // They come into the document a while after they are served.
  await eventually(async () => writeJsonSchemas({ get, dir, kinds }).then(() => true), { deadlineMs: 60_000, intervalMs: 200 });
}

interface Report {
  resources: { status: string; name: string; kind: string; msg: string }[] | null;
  summary: { valid: number; invalid: number; errors: number; skipped: number };
}

async function check(text: string): Promise<Report> {
  const file = join(dir, 'manifests.yaml');
  writeFileSync(file, text);
  const args = ['-strict', '-summary', '-output', 'json', '-schema-location', join(dir, schemaLocation), file];
  // It also fails where something is wrong, which the report tells better.
  const { stdout } = await promisify(execFile)(await ensureTool('kubeconform'), args).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Report;
}

describe('kubeconform with the schemas of a real API server', () => {
  let texts: Map<string, string>;

  before(async () => {
    texts = await renderAll();
    await writeSchemas([...texts.values()].flatMap(readManifests));
  });
  after(() => stack.disposeAsync());

  it('finds nothing wrong in anything that the chart or synth prints', async () => {
    for (const [what, text] of texts) {
      const { resources, summary } = await check(text);
      assert.deepEqual(resources ?? [], [], what);
      assert.deepEqual(summary, { valid: readManifests(text).length, invalid: 0, errors: 0, skipped: 0 }, what);
    }
  });

  const mistakes: [what: string, of: string, from: string, to: string][] = [
    ['a field that does not exist', 'plain YAML of smallest', 'revisionHistoryLimit:', 'revisionHistoryLimits:'],
    ['a value of another type', 'plain YAML of smallest', 'enableServiceLinks: false', 'enableServiceLinks: none'],
    ['a key that stands there twice', 'plain YAML of smallest', 'kind: Deployment', 'kind: Deployment\nkind: Deployment'],
    ['a field that a backup has not', 'a backup', 'clusterRef:', 'chatClusterRef:'],
    ['a field that a ChatCluster has not', 'the ChatCluster everything', 'replicas: 4', 'replica: 4'],
  ];
  for (const [what, of, from, to] of mistakes) {
    it(`finds ${what}`, async () => {
      const text = texts.get(of) ?? '';
      assert.ok(text.includes(from));
      const { summary } = await check(text.replace(from, to));
      assert.equal(summary.invalid + summary.errors, 1);
    });
  }
});
