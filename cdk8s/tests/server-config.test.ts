import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { rootCertificates } from 'node:tls';
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
  DATABASE_READ_URL: 'postgres://chat:x@replica:5432/chat,postgres://chat:x@other:5432/chat',
  DATABASE_CA: rootCertificates[0]!,
  REDIS_URLS: 'rediss://redis:6379',
  REDIS_CA: rootCertificates[1]!,
  REDIS_PASSWORD: 'x',
  SMTP_URL: 'smtps://me:x@mail.example.com:465',
  VAPID_PUBLIC_KEY: Buffer.alloc(65, 4).toString('base64url'),
  VAPID_PRIVATE_KEY: Buffer.alloc(32, 1).toString('base64url'),
  VAPID_SUBJECT: 'mailto:ada@example.com',
};

interface Volume {
  name: string;
  projected?: { sources: Record<string, { name: string; items: { key: string; path: string }[] }>[] };
}

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** The folder that the pod would see. */
function mountProviders(objects: KubernetesObject[], volumes: Volume[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'chat-providers-'));
  folders.push(dir);
  const known = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'chat-providers')?.data as Record<
    string,
    string
  >;
  for (const source of volumes.find(({ name }) => name === 'providers')?.projected?.sources ?? []) {
    for (const { key, path } of (source.configMap ?? source.secret)!.items) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), source.configMap ? known[key]! : 'x');
    }
  }
  return dir;
}

/** What the kubelet would make of it. */
function environmentOf(objects: KubernetesObject[], pod: KubernetesObject): Record<string, string> {
  const settings = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'chat-config') as unknown as {
    data: Record<string, string>;
  };
  const { containers, volumes } = (pod.spec as { template: { spec: { containers: Container[]; volumes: Volume[] } } }).template.spec;
  const env: Record<string, string> = { ...settings.data };
  for (const { name, value, valueFrom } of containers[0]!.env) {
    if (name === 'AUTH_PROVIDERS_DIR') env[name] = mountProviders(objects, volumes);
    else
      env[name] =
        value?.replace(/\$\((\w+)\)/g, (_, of: string) => env[of] ?? '') ??
        (valueFrom?.secretKeyRef ? (fromSecrets[name] ?? 'x') : 'pod-1');
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
  assert.deepEqual([config.databaseCa, config.redisCa], rootCertificates.slice(0, 2));
  assert.equal(config.drainSeconds, 60);
  assert.equal(config.fanout, 'routed');
  assert.deepEqual({ ...config.limits, messageMaxChars: 4_000, groupMaxMembers: 500, socketsPerPod: 20_000 }, config.limits);
});

test('what is written of features reaches the server', () => {
  const configs = configsOf(renderChatCluster(clusterOf(specs.external), facts));
  const of = (wanted: string) => configs.find(({ role }) => role === wanted)!;
  const { accounts } = of('api');
  assert.deepEqual(accounts.mail, { smtpUrl: 'smtps://me:x@mail.example.com:465', from: 'hello@example.com' });
  assert.equal(accounts.guests, true);
  assert.deepEqual(accounts.adminEmails, ['ada@example.com', 'bob@example.com']);
  const providers = accounts.providers.map(({ name, type, issuer, clientId }) => [name, type, issuer, clientId]);
  assert.deepEqual(providers, [
    ['github', 'github', 'https://github.com', 'x'],
    ['work', 'oidc', 'https://login.example.com:8443/realms/work', 'x'],
  ]);
  for (const role of ['realtime', 'api', 'worker']) {
    const { store } = of(role).files;
    assert.ok(store?.kind === 's3', role);
    assert.deepEqual(
      [store.bucket, store.endpoint, store.publicEndpoint],
      ['chat', 'http://minio.storage:9000', 'https://files.example.com'],
    );
  }
  assert.deepEqual(of('migrate').files.store, undefined);
  assert.deepEqual(configsOf(renderChatCluster(clusterOf(specs.everything), facts)).find(({ role }) => role === 'realtime')?.files.store, {
    kind: 'volume',
    dir: '/files',
  });
});

test('every managed Redis server is named, with the password of the Secret', () => {
  const configs = configsOf(renderChatCluster(clusterOf(specs.everything), facts));
  const realtime = configs.find(({ role }) => role === 'realtime');
  assert.deepEqual(realtime?.redisUrls, ['redis://:x@chat-redis-0:6379', 'redis://:x@chat-redis-1:6379']);
  assert.equal(realtime?.fanout, 'streams-adapter');
  assert.deepEqual(configs.find(({ role }) => role === 'migrate')?.redisUrls, []);
});
