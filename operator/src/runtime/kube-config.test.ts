import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient } from './create-client.ts';
import { isForbidden, isUnauthorized } from './errors.ts';
import { inClusterConnection } from './in-cluster.ts';
import { openConnection } from './kube-config.ts';
import { defineResource, type KubeObject } from './object.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS } from './testing-config-map.ts';

interface TokenRequest extends KubeObject {
  status?: { token: string };
}

let cluster: TestingCluster;
let dir: string;
before(async () => {
  cluster = await startTestingCluster();
  dir = mkdtempSync(join(tmpdir(), 'kube-config-'));
});
after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await cluster[Symbol.asyncDispose]();
});

/** A real token of a service account that may do nothing. */
async function createToken(): Promise<string> {
  const namespace = await cluster.createNamespace();
  const accounts = defineResource({ apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true });
  await cluster.client.create(accounts, { metadata: { name: 'nobody', namespace } });
  const tokens = defineResource<TokenRequest>({
    apiVersion: 'v1',
    kind: 'TokenRequest',
    plural: 'serviceaccounts/nobody/token',
    namespaced: true,
  });
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: 'nobody', namespace } };
  const { status } = await cluster.client.create(tokens, request);
  return status?.token ?? '';
}

async function writeKubeconfig(name: string, user: object): Promise<string> {
  const { tls } = await cluster.connection.credentials();
  const ca = Buffer.from(tls.ca ?? '').toString('base64');
  const file = join(dir, name);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: cluster.connection.server, 'certificate-authority-data': ca } }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u', namespace: 'mine' } },
      { name: 'broken', context: { cluster: 'none', user: 'u' } },
    ],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

test('a client certificate of a kubeconfig is used', async () => {
  const client = await createClient({ kubeconfig: cluster.kubeconfig });
  assert.ok((await client.raw('/version')) as { gitVersion: string });
  assert.equal(await client.raw('/readyz'), 'ok');
  await client.close();
});

test('a token of a kubeconfig is used, and the namespace of its context is known', async () => {
  const kubeconfig = await writeKubeconfig('token', { token: await createToken() });
  const connection = await openConnection({ kubeconfig });
  assert.equal(connection.namespace, 'mine');
  const client = await createClient({ connection });
  await assert.rejects(client.list(CONFIG_MAPS), isForbidden);
  await client.close();
});

test('an exec plugin is asked for credentials, and asked again after a 401', async () => {
  const plugin = join(dir, 'plugin.sh');
  const answerFile = join(dir, 'token.txt');
  const countFile = join(dir, 'count');
  const answer = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}`;
  writeFileSync(plugin, `#!/bin/sh\necho x >> '${countFile}'\nprintf '${answer}' "$(cat '${answerFile}')"\n`);
  chmodSync(plugin, 0o755);
  writeFileSync(answerFile, 'stale');
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, args: [], interactiveMode: 'Never' };
  const client = await createClient({ kubeconfig: await writeKubeconfig('exec', { exec }) });
  await assert.rejects(client.list(CONFIG_MAPS), isUnauthorized);
  writeFileSync(answerFile, await createToken());
  await assert.rejects(client.list(CONFIG_MAPS), isForbidden);
  await assert.rejects(client.list(CONFIG_MAPS), isForbidden);
  await client.close();
});

test('a plugin that fails says why', async () => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: join(dir, 'no-such-plugin'), args: [], interactiveMode: 'Never' };
  const client = await createClient({ kubeconfig: await writeKubeconfig('missing', { exec }) });
  await assert.rejects(client.list(CONFIG_MAPS, { retry: false }), /no credentials for the API server: .*ENOENT/);
  await client.close();
});

test('a context that names no cluster is an error', async () => {
  const kubeconfig = await writeKubeconfig('broken', {});
  await assert.rejects(openConnection({ kubeconfig, context: 'broken' }), /no known cluster/);
});

test('inside a cluster the mounted token is read again when it is old, and at once after a 401', async () => {
  const account = mkdtempSync(join(dir, 'account-'));
  const { tls } = await cluster.connection.credentials();
  writeFileSync(join(account, 'ca.crt'), tls.ca ?? '');
  writeFileSync(join(account, 'namespace'), 'mine\n');
  writeFileSync(join(account, 'token'), 'stale');
  const { hostname, port } = new URL(cluster.connection.server);
  let now = 0;
  const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const connection = await inClusterConnection(env, { dir: account, now: () => now });
  assert.equal(connection.namespace, 'mine');
  const client = await createClient({ connection });
  await assert.rejects(client.list(CONFIG_MAPS), isUnauthorized);
  writeFileSync(join(account, 'token'), await createToken());
  await assert.rejects(client.list(CONFIG_MAPS), isForbidden);
  const { headers } = await connection.credentials();
  writeFileSync(join(account, 'token'), 'rotated');
  assert.deepEqual((await connection.credentials()).headers, headers);
  now += 61_000;
  assert.equal((await connection.credentials()).headers.authorization, 'Bearer rotated');
  rmSync(join(account, 'token'));
  now += 61_000;
  assert.equal((await connection.credentials()).headers.authorization, 'Bearer rotated');
  await client.close();
});

test('outside of a cluster there is no in-cluster configuration', async () => {
  await assert.rejects(openConnection({ inCluster: true, env: {} }), /not inside a cluster/);
});
