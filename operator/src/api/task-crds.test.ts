import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type ControlPlane, startControlPlane } from '@chatcluster/tools/kubernetes/control-plane';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { eventually } from '@chatcluster/tools/testing';
import * as backup from './backup.ts';
import { listCrds } from './index.ts';
import * as restore from './restore.ts';
import type { JsonSchema } from './schema.ts';
import { createTestApi, type TestApi } from './testing.ts';

const group = '/apis/chatcluster.dev/v1beta1/namespaces/default';
const plurals = { ChatClusterBackup: 'chatclusterbackups', ChatClusterRestore: 'chatclusterrestores' };
type Kind = keyof typeof plurals;
let plane: ControlPlane;
let api: TestApi;

before(async () => {
  plane = await startControlPlane();
  api = createTestApi(plane.kubeconfig);
  for (const crd of listCrds()) {
    const { status, body } = await api.apply(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`, crd);
    assert.equal(status, 201, String(body.message));
  }
  for (const plural of Object.values(plurals)) {
    await eventually(async () => (await api.send('GET', `${group}/${plural}`)).status === 200, {
      deadlineMs: 30_000,
      message: `${plural} is not served`,
    });
  }
});
after(async () => {
  api?.[Symbol.dispose]();
  await plane?.stop();
});

const clusterRef = { name: 'chat' };
const volume = { claimName: 'chat-backups' };
const s3 = { bucket: 'backups', credentialsSecretRef: { name: 'bucket' } };
const backupRef = { name: 'now' };

interface Case {
  kind: Kind;
  bad: object;
  good: object;
  /** A part of the message. */
  says: string;
  /** What was stored before, for rules about changes. */
  from?: object;
  name?: [bad: string, good: string];
}

const cases: Case[] = [
  { kind: 'ChatClusterBackup', bad: {}, good: { clusterRef }, says: 'spec.clusterRef: Required value' },
  {
    kind: 'ChatClusterBackup',
    bad: { clusterRef, target: {} },
    good: { clusterRef, target: { volume } },
    says: 'write exactly one of s3, volume, or leave out target',
  },
  {
    kind: 'ChatClusterBackup',
    bad: { clusterRef, target: { s3, volume } },
    good: { clusterRef, target: { s3 } },
    says: 'write exactly one of s3, volume, or leave out target',
  },
  {
    kind: 'ChatClusterBackup',
    bad: { clusterRef, target: { s3: { ...s3, endpoint: 'minio' } } },
    good: { clusterRef, target: { s3: { ...s3, endpoint: 'http://minio:9000' } } },
    says: 'write an address such as https://s3.example.com',
  },
  {
    kind: 'ChatClusterBackup',
    from: { clusterRef },
    bad: { clusterRef: { name: 'other' } },
    good: { clusterRef },
    says: 'a ChatClusterBackup is done once: make another one with another name',
  },
  {
    kind: 'ChatClusterBackup',
    name: ['a-name-that-is-longer-than-forty-characters', 'a-name-that-has-no-more-than-forty-chars'],
    bad: { clusterRef },
    good: { clusterRef },
    says: 'at most 40 characters and no dots',
  },
  {
    kind: 'ChatClusterRestore',
    name: ['back.up', 'back-up'],
    bad: { clusterRef, source: { volume } },
    good: { clusterRef, source: { volume } },
    says: 'at most 40 characters and no dots',
  },
  {
    kind: 'ChatClusterRestore',
    bad: { clusterRef, source: {} },
    good: { clusterRef, source: { backupRef } },
    says: 'write exactly one of backupRef, s3, volume',
  },
  {
    kind: 'ChatClusterRestore',
    bad: { clusterRef, source: { s3, backupRef } },
    good: { clusterRef, source: { s3 } },
    says: 'write exactly one of backupRef, s3, volume',
  },
  {
    kind: 'ChatClusterRestore',
    bad: { clusterRef, source: { s3: { ...s3, endpoint: 'minio' } } },
    good: { clusterRef, source: { s3: { ...s3, endpoint: 'http://minio:9000' } } },
    says: 'write an address such as https://s3.example.com',
  },
  {
    kind: 'ChatClusterRestore',
    bad: { clusterRef, source: { backupRef, backup: 'monday' } },
    good: { clusterRef, source: { volume, backup: 'monday' } },
    says: 'backupRef names one backup already: leave out backup',
  },
  {
    kind: 'ChatClusterRestore',
    bad: { clusterRef, source: { volume, backup: '../monday' } },
    good: { clusterRef, source: { volume, backup: 'chat-backup-29384-x.1' } },
    says: 'write the name of a backup',
  },
  {
    kind: 'ChatClusterRestore',
    from: { clusterRef, source: { volume } },
    bad: { clusterRef, source: { volume, backup: 'monday' } },
    good: { clusterRef, source: { volume } },
    says: 'a ChatClusterRestore is done once: make another one with another name',
  },
];

const objectOf = (kind: Kind, name: string, spec: object) => ({
  apiVersion: 'chatcluster.dev/v1beta1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
});

/** The answer to a new object, or to a change of what was there. */
async function attempt({ kind, from }: Case, name: string, spec: object): Promise<{ status: number; message: string }> {
  const path = `${group}/${plurals[kind]}`;
  const query = '?fieldValidation=Strict&dryRun=All';
  if (from === undefined) {
    const { status, body } = await api.send('POST', `${path}${query}`, objectOf(kind, name, spec));
    return { status, message: String(body.message) };
  }
  const stored = await api.send('POST', path, objectOf(kind, name, from));
  assert.equal(stored.status, 201, String(stored.body.message));
  const { status, body } = await api.send('PUT', `${path}/${name}${query}`, { ...(stored.body as object), spec });
  await api.send('DELETE', `${path}/${name}`);
  return { status, message: String(body.message) };
}

test('every rule refuses a bad object with a message that says what to write, and takes a good one', async () => {
  for (const one of cases) {
    const [badName, goodName] = one.name ?? ['one', 'one'];
    const good = await attempt(one, goodName, one.good);
    assert.ok(good.status < 300, `${JSON.stringify(one.good)} was refused: ${good.message}`);
    const bad = await attempt(one, badName, one.bad);
    assert.equal(bad.status, 422, `${JSON.stringify(one.bad)} was taken`);
    assert.ok(bad.message.includes(one.says), bad.message);
  }
});

function listMessages(schema: JsonSchema): string[] {
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => message),
    ...Object.values(schema.properties ?? {}).flatMap(listMessages),
  ];
}

test('there is a case for every rule', () => {
  for (const [kind, { schema }] of [
    ['ChatClusterBackup', backup.spec],
    ['ChatClusterRestore', restore.spec],
  ] as const) {
    const said = cases.filter((one) => one.kind === kind).map(({ says }) => says);
    for (const message of listMessages(schema)) {
      assert.ok(
        said.some((says) => message.includes(says)),
        `no case of ${kind} for: ${message}`,
      );
    }
  }
});

async function kubectl(...args: string[]): Promise<string> {
  return (await promisify(execFile)(await ensureTool('kubectl'), [...args, '--kubeconfig', plane.kubeconfig])).stdout;
}

test('kubectl explains the fields and shows what became of a restore', async () => {
  assert.match(await kubectl('explain', 'ccb.spec.target'), /exactly one of s3, volume/);
  assert.match(await kubectl('explain', 'chatclusterrestore.spec.source'), /backupRef\t<Object>[^]*s3\t<Object>[^]*volume\t<Object>/);
  const path = `${group}/${plurals.ChatClusterRestore}`;
  await api.send('POST', path, objectOf('ChatClusterRestore', 'shown', { clusterRef, source: { volume } }));
  const status = { phase: 'Succeeded', rows: 120, takenAt: new Date().toISOString(), backup: 'monday', location: 'volume old: monday' };
  const { status: code, body } = await api.send('PATCH', `${path}/shown/status`, { status }, 'application/merge-patch+json');
  assert.equal(code, 200, String(body.message));
  const [header = '', row = ''] = (await kubectl('get', 'ccr', 'shown', '-o', 'wide')).split('\n');
  assert.match(header, /^NAME +PHASE +CLUSTER +ROWS +TAKEN +AGE +BACKUP +LOCATION +MESSAGE *$/);
  assert.match(row, /^shown +Succeeded +chat +120 +\S+ +\S+ +monday +volume old: monday *$/);
  assert.match(await kubectl('get', 'chat', '-o', 'name'), /chatclusterrestore\.chatcluster\.dev\/shown/);
});
