import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ChatClusterSpec } from '../api/index.ts';
import type { UnknownObject } from '../runtime/object.ts';
import { deployments, secrets } from './kinds.ts';
import {
  bringUp,
  conditionOf,
  createCluster,
  eventually,
  type Lab,
  listChildren,
  patchSpec,
  settle,
  smallest,
  startLab,
  untilReason,
} from './testing.ts';

let lab: Lab;
before(async () => {
  lab = await startLab();
  lab.startOperator();
});
after(() => lab[Symbol.asyncDispose]());

const features: Partial<ChatClusterSpec> = {
  access: { host: 'chat.example.com' },
  auth: { providers: [{ name: 'work', type: 'OpenIDConnect', issuer: 'https://login.example.com', clientSecretRef: { name: 'work' } }] },
  mail: { smtpSecretRef: { name: 'mail', key: 'url' } },
  files: { s3: { bucket: 'chat', endpoint: 'http://minio:9000', credentialsSecretRef: { name: 'bucket' } } },
};

async function createSecret(namespace: string, name: string, stringData: Record<string, string>): Promise<void> {
  await lab.client.create(secrets, { metadata: { name, namespace }, stringData } as UnknownObject);
}

async function ready(spec: ChatClusterSpec): Promise<string> {
  const namespace = await lab.createNamespace();
  await createCluster(lab.client, namespace, spec);
  await bringUp(lab.client, namespace);
  return namespace;
}

const generationOf = async (namespace: string, name: string) =>
  (await lab.client.get(deployments, { namespace, name })).metadata.generation ?? 0;

describe('Secrets of features', () => {
  it('are asked for by name and key, and found when they come', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, { ...smallest, ...features });
    const missing = await untilReason(lab.client, namespace, ['Stalled', 'SecretMissing']);
    const { message = '' } = conditionOf(missing, 'Stalled') ?? {};
    assert.match(message, /Secret work does not exist.*providers\[work\].*the key "clientId" and the key "clientSecret"/);
    assert.match(message, /Secret bucket .*"ACCESS_SECRET_KEY"/);
    await createSecret(namespace, 'mail', { url: 'smtp://me:secret@mail.example.com:2525' });
    await createSecret(namespace, 'bucket', { ACCESS_KEY_ID: 'me', ACCESS_SECRET_KEY: 'secret' });
    await createSecret(namespace, 'work', { clientId: 'me' });
    const incomplete = await untilReason(lab.client, namespace, ['Stalled', 'SecretKeyMissing']);
    assert.match(conditionOf(incomplete, 'Stalled')?.message ?? '', /Secret work .* has no key "clientSecret"/);
    await lab.client.patch(secrets, { namespace, name: 'work' }, { stringData: { clientSecret: 'secret' } });
    await untilReason(lab.client, namespace, ['Stalled', 'AsExpected']);
    await bringUp(lab.client, namespace);
    const children = await listChildren(lab.client, namespace);
    assert.ok(children.has('ConfigMap/chat-providers'));
    assert.match(JSON.stringify(children.get('NetworkPolicy/chat-worker')), /2525/);
    assert.doesNotMatch(JSON.stringify([...children.values()].filter(({ kind }) => kind !== 'Secret')), /:secret@/);
    const before = await generationOf(namespace, 'chat-api');
    await lab.client.patch(secrets, { namespace, name: 'bucket' }, { stringData: { ACCESS_SECRET_KEY: 'new' } });
    await eventually(async () => (await generationOf(namespace, 'chat-api')) > before);
  });
});

describe('a volume of files', () => {
  it('stays when it is no longer asked for, as nobody else has the files', async () => {
    const namespace = await ready({ ...smallest, files: { volume: {} } });
    await patchSpec(lab.client, namespace, { files: null });
    await settle(lab.client, namespace);
    const children = await listChildren(lab.client, namespace);
    assert.ok(children.has('PersistentVolumeClaim/chat-files'));
    assert.doesNotMatch(JSON.stringify(children.get('Deployment/chat-api')), /chat-files/);
  });
});

describe('the Secret of signing keys', () => {
  it('is asked for by name and key, and mounted when it is there', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, { ...smallest, auth: { signingKeysSecretRef: { name: 'keys' } } });
    const missing = await untilReason(lab.client, namespace, ['Stalled', 'SecretMissing']);
    assert.match(
      conditionOf(missing, 'Stalled')?.message ?? '',
      /Secret keys does not exist.*signingKeysSecretRef.*Create it with the key "keys"/,
    );
    await createSecret(namespace, 'keys', { other: 'x' });
    await untilReason(lab.client, namespace, ['Stalled', 'SecretKeyMissing']);
    await lab.client.patch(secrets, { namespace, name: 'keys' }, { stringData: { keys: 'one' } });
    await untilReason(lab.client, namespace, ['Stalled', 'AsExpected']);
    await bringUp(lab.client, namespace);
    const pod = JSON.stringify((await listChildren(lab.client, namespace)).get('Deployment/chat-api'));
    assert.match(pod, /SIGNING_KEYS_FILE/);
  });
});
