import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { parse } from 'yaml';
import { chartDir, createHelm, find, installed, KUBERNETES, type Manifest, NAMESPACE, RELEASE, setValues } from './_helm.ts';

const helm = await createHelm();
after(() => helm[Symbol.dispose]());

type Fields = Record<string, unknown>;
interface Container {
  image: string;
  env: { name: string; value?: string }[];
}

function podOf(manifests: readonly Manifest[]): { labels: Fields; annotations?: Fields; containers: Container[] } {
  const { template } = find(manifests, 'Deployment').spec as { template: { metadata: Fields; spec: { containers: Container[] } } };
  return { ...(template.metadata as { labels: Fields; annotations?: Fields }), containers: template.spec.containers };
}
function envOf(manifests: readonly Manifest[]): Record<string, string | undefined> {
  return Object.fromEntries(podOf(manifests).containers[0]!.env.map(({ name, value }) => [name, value]));
}
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);

it('lints without a warning', async () => {
  assert.match(await helm.run('lint', '--strict', chartDir), /0 chart\(s\) failed/);
});

const names: Record<string, string> = {
  'chatcluster-operator': 'chatcluster-operator',
  chatcluster: 'chatcluster-operator',
  blue: 'blue-chatcluster-operator',
  'my-chatcluster-operator': 'my-chatcluster-operator',
};
for (const [release, name] of Object.entries(names)) {
  it(`calls the objects of the release ${release} ${name}`, async () => {
    const manifests = installed(await helm.template({}, { release }));
    assert.equal(find(manifests, 'Deployment').metadata.name, name);
    assert.ok(manifests.every(({ metadata }) => metadata.name.startsWith(name)));
  });
}

it('gives two releases in one namespace no name and no selector in common', async () => {
  const [one, two] = await Promise.all(['one', 'two'].map(async (release) => installed(await helm.template({}, { release }))));
  const keys = (manifests: readonly Manifest[]) => manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  assert.deepEqual(
    keys(one!).filter((key) => keys(two!).includes(key)),
    [],
  );
  const selector = (manifests: readonly Manifest[]) => (find(manifests, 'Deployment').spec as { selector: object }).selector;
  assert.notDeepEqual(selector(one!), selector(two!));
});

it('puts everything into the namespace of the release', async () => {
  const clusterWide = ['ClusterRole', 'ClusterRoleBinding'];
  for (const { kind, metadata } of installed(await helm.template({}, { namespace: 'elsewhere' }))) {
    assert.equal(metadata.namespace, clusterWide.includes(kind) ? undefined : 'elsewhere', `${kind} ${metadata.name}`);
  }
});

it('tells KEDA where to ask when the operator is not where it usually is', async () => {
  assert.equal(envOf(await helm.template()).SCALER_URL, undefined);
  const elsewhere = await helm.template({}, { namespace: 'ops', release: 'blue' });
  assert.equal(envOf(elsewhere).SCALER_URL, 'http://blue-chatcluster-operator.ops.svc:9090');
});

it('runs the image by digest, tag or the version of the chart', async () => {
  const image = async (values: object) => podOf(await helm.template({ image: values })).containers[0]!.image;
  const digest = `sha256:${'0'.repeat(64)}`;
  assert.equal(await image({}), 'chatcluster/operator:0.1.0');
  assert.equal(await image({ tag: '9.9.9' }), 'chatcluster/operator:9.9.9');
  assert.equal(await image({ tag: '9.9.9', digest }), `chatcluster/operator@${digest}`);
  assert.equal(envOf(await helm.template({ image: { tag: '9.9.9' } })).VERSION, '9.9.9');
  assert.equal(envOf(await helm.template({ image: { tag: '9.9.9' }, defaults: { version: '8.8.8' } })).VERSION, '8.8.8');
});

it('binds nothing to the whole cluster in the scope "namespaces"', async () => {
  const manifests = await helm.template({ rbac: { scope: 'namespaces', watchNamespaces: ['a', 'b'] } });
  assert.ok(!kinds(manifests).includes('ClusterRoleBinding'));
  const bindings = manifests.filter(({ kind }) => kind === 'RoleBinding').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  assert.deepEqual(bindings.sort(), [
    'a/chatcluster-operator',
    'a/chatcluster-operator-secrets',
    'b/chatcluster-operator',
    'b/chatcluster-operator-secrets',
    'chatcluster-system/chatcluster-operator-leader',
  ]);
  assert.equal(envOf(manifests).WATCH_NAMESPACES, 'a,b');
});

it('adds labels and annotations without losing its own', async () => {
  const manifests = await helm.template({
    podLabels: { team: 'chat', 'app.kubernetes.io/name': 'mine' },
    podAnnotations: { note: 'x' },
    serviceAccount: { annotations: { role: 'y' } },
    monitoring: { serviceMonitor: 'Enabled', labels: { release: 'prom' }, interval: '5s' },
  });
  const { labels, annotations } = podOf(manifests);
  assert.deepEqual([labels.team, annotations], ['chat', { note: 'x' }]);
  assert.equal(labels['app.kubernetes.io/name'], 'chatcluster-operator');
  assert.deepEqual(find(manifests, 'ServiceAccount').metadata.annotations, { role: 'y' });
  assert.equal(find(manifests, 'ServiceMonitor').metadata.labels?.release, 'prom');
});

it('leaves out what is switched off', async () => {
  const off = { enabled: false };
  const manifests = await helm.template({
    crds: { install: false },
    podDisruptionBudget: off,
    networkPolicy: off,
    monitoring: { serviceMonitor: 'Disabled' },
  });
  for (const kind of ['CustomResourceDefinition', 'PodDisruptionBudget', 'NetworkPolicy', 'ServiceMonitor', 'ChatCluster']) {
    assert.ok(!kinds(manifests).includes(kind), kind);
  }
  const lost = await helm.template({ crds: { keep: false } });
  const definitions = lost.filter(({ kind }) => kind === 'CustomResourceDefinition');
  assert.ok(definitions.length > 0 && definitions.every(({ metadata }) => metadata.annotations === undefined));
});

it('makes a first ChatCluster that Helm never removes', async () => {
  const fresh = await helm.template({ chatCluster: { enabled: true } });
  if (helm.major === 3) assert.ok(!kinds(fresh).includes('ChatCluster'), 'it cannot make the kind and an object of it in one step');
  else assert.equal(find(fresh, 'ChatCluster').metadata.annotations?.['helm.sh/hook'], 'post-install,post-upgrade');
  const args = ['--api-versions', 'chatcluster.dev/v1beta1/ChatCluster'];
  const smallest = find(await helm.template({ chatCluster: { enabled: true } }, { args }), 'ChatCluster');
  assert.deepEqual(smallest.spec, { database: { evaluation: {} }, redis: { managed: {} } });
  assert.equal(smallest.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
  const spec = { replicas: 3, database: { external: { urlSecretRef: { name: 'db' } } }, redis: { managed: {} } };
  const chosen = await helm.template({ chatCluster: { enabled: true, name: 'team', namespace: 'chat', spec } }, { args });
  const { metadata, ...rest } = find(chosen, 'ChatCluster');
  assert.deepEqual([metadata.name, metadata.namespace, rest.spec], ['team', 'chat', spec]);
  assert.deepEqual(metadata.annotations, { 'helm.sh/resource-policy': 'keep' }, 'a plain resource where the kind is known');
});

const refused: Record<string, [object, RegExp]> = {
  'a key that does not exist': [{ replica: 3 }, /additional properties 'replica' not allowed/],
  'a misspelt key inside': [{ image: { tga: 'x' } }, /'\/image': additional properties 'tga' not allowed/],
  'replicas that are a word': [{ replicas: 'two' }, /'\/replicas': got string, want integer/],
  'a scope that does not exist': [{ rbac: { scope: 'all' } }, /'\/rbac\/scope': value must be one of 'cluster', 'namespaces'/],
  'a tag in the name of the image': [{ defaults: { serverImage: 'a/b:1' } }, /'\/defaults\/serverImage': 'a\/b:1' does not match pattern/],
  'a digest that is none': [{ image: { digest: 'sha256:1' } }, /'\/image\/digest'/],
  'a level of logs that does not exist': [{ logLevel: 'loud' }, /'\/logLevel': value must be one of 'trace', 'debug'/],
  'a name too long for a ChatCluster': [{ chatCluster: { name: 'a'.repeat(41) } }, /'\/chatCluster\/name': maxLength: got 41, want 40/],
  'the scope "namespaces" without any': [{ rbac: { scope: 'namespaces' } }, /list them in rbac\.watchNamespaces, for example --set/],
  'namespaces without the scope': [{ rbac: { watchNamespaces: ['a'] } }, /add --set rbac\.scope=namespaces, or leave the list out/],
};
for (const [sentence, [values, message]] of Object.entries(refused)) {
  it(`refuses ${sentence}`, async () => {
    const error = await helm.fail('template', RELEASE, chartDir, '--namespace', NAMESPACE, ...KUBERNETES, ...setValues(values));
    assert.match(error, message);
  });
}

interface Schema {
  properties?: Record<string, Schema>;
  description?: string;
  additionalProperties?: unknown;
  type?: string;
}
function check(schema: Schema, values: unknown, path: string): void {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.${name}`;
    assert.ok(field.description, `${at} has no description`);
    if (field.properties) assert.equal(field.additionalProperties, false, `${at} takes unknown keys`);
    if (name === 'global') continue;
    assert.ok(typeof values === 'object' && values !== null && Object.hasOwn(values, name), `values.yaml has no ${at}`);
    check(field, (values as Fields)[name], at);
  }
}
it('describes every value and has a default for it', () => {
  const schema = JSON.parse(readFileSync(join(chartDir, 'values.schema.json'), 'utf8')) as Schema;
  check(schema, parse(readFileSync(join(chartDir, 'values.yaml'), 'utf8')), '');
});

it('prints the next command to type', async (context) => {
  // What Helm 3 prints is looked at by the test that installs.
  if (helm.major === 3) return context.skip('Helm 3 asks an API server even for a dry run');
  const notes = (values: object) =>
    helm.run('install', RELEASE, chartDir, '--namespace', NAMESPACE, '--dry-run=client', ...setValues(values));
  assert.match(
    await notes({}),
    /kubectl apply -n default -f - <<'EOF'\n.*kind: ChatCluster[^]*kubectl wait --for=condition=Ready chatcluster\/chat/s,
  );
  const made = await notes({ chatCluster: { enabled: true, name: 'team', namespace: 'x' } });
  assert.match(made, /kubectl wait --for=condition=Ready chatcluster\/team -n x --timeout=5m/);
  assert.match(await notes({ rbac: { scope: 'namespaces', watchNamespaces: ['a'] } }), /it watches a\.[^]*kubectl apply -n a -f/);
});
