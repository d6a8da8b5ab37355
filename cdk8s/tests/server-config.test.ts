import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anySpec } from '@chatcluster/operator/api/testing-specs';
import { type Config, parseConfig } from '@chatcluster/server/config';
import fc from 'fast-check';
import { renderChatCluster } from '../src/render.ts';
import type { KubernetesObject } from '../src/types.ts';
import { clusterOf, facts, specs } from './specs.ts';

interface Container {
  env: { name: string; value?: string; valueFrom?: { secretKeyRef?: { key: string } } }[];
}

const fromSecrets: Record<string, string> = {
  DATABASE_URL: 'postgres://chat:x@postgres:5432/chat',
  REDIS_URLS: 'redis://redis:6379',
  REDIS_PASSWORD: 'x',
};

/** What the kubelet would make of it. */
function environmentOf(objects: KubernetesObject[], pod: KubernetesObject): Record<string, string> {
  const settings = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'chat-config') as unknown as {
    data: Record<string, string>;
  };
  const { containers } = (pod.spec as { template: { spec: { containers: Container[] } } }).template.spec;
  const env: Record<string, string> = { ...settings.data };
  for (const { name, value, valueFrom } of containers[0]!.env) {
    env[name] =
      value?.replace(/\$\((\w+)\)/g, (_, of: string) => env[of] ?? '') ?? (valueFrom?.secretKeyRef ? (fromSecrets[name] ?? 'x') : 'pod-1');
  }
  return env;
}

function configsOf(objects: KubernetesObject[]): Config[] {
  const pods = objects.filter(
    ({ metadata, kind }) => kind === 'Job' || (kind === 'Deployment' && metadata.labels['app.kubernetes.io/name'] === 'chatcluster'),
  );
  return pods.map((pod) => parseConfig(environmentOf(objects, pod)));
}

test('the server takes the environment of every role, whatever the spec', () => {
  fc.assert(
    fc.property(anySpec, (given) => {
      // Variables of a person may be wrong; then the server says so.
      const { env: _env, ...podTemplate } = given.podTemplate ?? {};
      const configs = configsOf(renderChatCluster(clusterOf({ ...given, podTemplate }), facts));
      assert.deepEqual(configs.map(({ role }) => role).toSorted(), ['api', 'migrate', 'realtime', 'worker']);
    }),
  );
});

test('what is written in the spec reaches the server', () => {
  const [config] = configsOf(renderChatCluster(clusterOf(specs.external), facts)).filter(({ role }) => role === 'realtime');
  assert.ok(config);
  assert.equal(config.publicUrl, 'https://chat.example.com');
  assert.equal(config.secureCookies, true);
  assert.deepEqual(config.allowedOrigins, ['https://www.example.com']);
  assert.deepEqual(config.trustedProxies, ['loopback', 'linklocal', 'uniquelocal']);
  assert.equal(config.databasePool, facts.databasePool);
  assert.equal(config.drainSeconds, 60);
  assert.equal(config.fanout, 'routed');
  assert.deepEqual({ ...config.limits, messageMaxChars: 4_000, groupMaxMembers: 500, socketsPerPod: 20_000 }, config.limits);
});

test('every managed Redis server is named, with the password of the Secret', () => {
  const configs = configsOf(renderChatCluster(clusterOf(specs.everything), facts));
  const realtime = configs.find(({ role }) => role === 'realtime');
  assert.deepEqual(realtime?.redisUrls, ['redis://:x@chat-redis-0:6379', 'redis://:x@chat-redis-1:6379']);
  assert.equal(realtime?.fanout, 'streams-adapter');
  assert.deepEqual(configs.find(({ role }) => role === 'migrate')?.redisUrls, []);
});
