import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderJob } from './job.ts';

interface Container {
  image: string;
  env: { name: string; value: string }[];
  securityContext: unknown;
}
interface PodSpec {
  automountServiceAccountToken: boolean;
  securityContext: unknown;
  containers: Container[];
  volumes: { configMap: { name: string; items: { key: string; path: string }[] } }[];
}
type ConfigMap = { metadata: { name: string; namespace?: string }; data: Record<string, string> };
type Job = { metadata: { name: string }; spec: { backoffLimit: number; template: { spec: PodSpec } } };

function render(options = {}): [ConfigMap, Job] {
  return renderJob({ scenario: 'smoke', cluster: 'chat', ...options }) as [ConfigMap, Job];
}

it('carries every script that the scenario imports, and no test', () => {
  const [configMap, job] = render();
  const { items } = job.spec.template.spec.volumes[0]!.configMap;
  const paths = new Set(items.map(({ path }) => path));
  for (const { key, path } of items) {
    const text = configMap.data[key]!;
    for (const [, folder, file] of text.matchAll(/from '(\.\.?)\/(?:lib\/)?([\w-]+\.ts)'/g)) {
      assert.ok(folder && paths.has(`lib/${file}`), `${path} imports ${file}`);
    }
    assert.match(key, /^[-._a-zA-Z0-9]+$/);
    assert.doesNotMatch(path, /test/);
  }
  assert.ok(paths.has('scenarios/smoke.ts'));
  assert.ok(JSON.stringify(configMap).length < 1_000_000, 'a ConfigMap holds 1 MiB');
});

it('satisfies Pod Security "restricted" and has no token', () => {
  const { automountServiceAccountToken, securityContext, containers } = render()[1].spec.template.spec;
  assert.equal(automountServiceAccountToken, false);
  assert.deepEqual(securityContext, {
    runAsNonRoot: true,
    runAsUser: 12_345,
    runAsGroup: 12_345,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.deepEqual(containers[0]!.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

it('reaches sockets and REST at their own Services, and hands settings on', () => {
  const [configMap, job] = render({ namespace: 'load', image: 'grafana/k6:2.2.0', env: { RATE: '9', VUS: undefined } });
  const { image, env } = job.spec.template.spec.containers[0]!;
  assert.equal(configMap.metadata.namespace, 'load');
  assert.equal(image, 'grafana/k6:2.2.0');
  const values = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  assert.deepEqual(
    [values.URL, values.REST_URL, values.RATE, values.VUS],
    ['http://chat-realtime:8080', 'http://chat:8080', '9', undefined],
  );
});
