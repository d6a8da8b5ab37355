import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { backups, jobs, ownedKinds, secrets } from '../controller/kinds.ts';
import {
  bringUp,
  conditionOf,
  createCluster,
  eventually,
  finishJobs,
  type Lab,
  readCluster,
  smallest,
  startLab,
  untilReason,
} from '../controller/testing.ts';
import type { UnknownObject } from '../runtime/object.ts';
import { createBackup, envOf, leavePod, listJobs, readBackup, untilJob, untilTask } from './testing.ts';

let lab: Lab;
before(async () => {
  lab = await startLab();
  lab.startOperator();
});
after(() => lab[Symbol.asyncDispose]());

const policies = ownedKinds.find(({ resource }) => resource.kind === 'NetworkPolicy')!.resource;
const withVolume = { ...smallest, backup: { target: { volume: {} } } };
const reading = (namespace: string, name?: string) => () => readBackup(lab.client, namespace, name);
const done = { ok: true, location: '/backups', rows: 120, bytes: 4_096, conversations: 7, startedAt: '2026-01-01T00:00:00.000Z' };

describe('a ChatClusterBackup', () => {
  it('is one Job beside the regular backups, whose figures stand in the status and which no later pass does again', async () => {
    const namespace = await lab.createNamespace();
    await createBackup(lab.client, namespace);
    const early = await untilTask(reading(namespace), ['Stalled', 'ClusterNotFound']);
    assert.equal(early.status?.phase, 'Pending');
    await createCluster(lab.client, namespace, withVolume);
    await untilTask(reading(namespace), ['Reconciling', 'WaitingForMigration']);
    await bringUp(lab.client, namespace);
    const job = await untilJob(lab.client, namespace, 'backup');
    assert.equal(envOf(job).BACKUP_DIR, '/backups');
    assert.equal(envOf(job).BACKUP_RETENTION_SECONDS, undefined, 'nothing of others is removed');
    await untilTask(reading(namespace), ['Reconciling', 'Running']);
    const { name } = job.metadata;
    await leavePod(lab.client, job, { ...done, name } as { ok: boolean });
    await finishJobs(lab.client, namespace);
    const { status } = await untilTask(reading(namespace), ['Complete', 'Succeeded']);
    assert.deepEqual(
      [status?.phase, status?.backup, status?.rows, status?.bytes, status?.conversations, status?.location],
      ['Succeeded', name, 120, 4_096, 7, `volume chat-backups: ${name}`],
    );
    assert.ok(status?.completedAt && status.startedAt);
    const healthy = await untilReason(lab.client, namespace, ['BackupHealthy', 'BackedUp']);
    assert.equal(healthy.status?.lastBackup?.name, name);

    await lab.client.delete(jobs, { namespace, name });
    await createBackup(lab.client, namespace, { clusterRef: { name: 'chat' } }, 'second');
    const second = await untilJob(lab.client, namespace, 'backup');
    assert.match(second.metadata.name, /^second-/, 'the first one is not made again');
  });

  it('goes where it says, and when it fails only itself tells', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    await bringUp(lab.client, namespace);
    await createBackup(lab.client, namespace, { clusterRef: { name: 'chat' } }, 'nowhere');
    await untilTask(reading(namespace, 'nowhere'), ['Stalled', 'NoTarget']);
    const s3 = { endpoint: 'http://minio:9000', bucket: 'elsewhere', prefix: '/big/', credentialsSecretRef: { name: 'bucket' } };
    await createBackup(lab.client, namespace, { clusterRef: { name: 'chat' }, target: { s3 } });
    await untilTask(reading(namespace), ['Stalled', 'SecretMissing']);
    const stringData = { ACCESS_KEY_ID: 'a', ACCESS_SECRET_KEY: 'b' };
    await lab.client.create(secrets, { metadata: { namespace, name: 'bucket' }, stringData } as UnknownObject);
    const job = await untilJob(lab.client, namespace, 'backup');
    assert.equal(envOf(job).BACKUP_S3_PREFIX, `big/${namespace}/chat`);
    const { spec } = (await lab.client.get(policies, { namespace, name: job.metadata.name })) as UnknownObject & {
      spec: { egress: object[] };
    };
    assert.match(JSON.stringify(spec.egress), /"port":9000/, 'its pod gets to the bucket');
    await leavePod(lab.client, job, { ok: false, reason: 'BackupDamaged', message: 'the bucket is full' } as { ok: boolean });
    await finishJobs(lab.client, namespace, 'Failed');
    const { status } = await untilTask(reading(namespace), ['Stalled', 'BackupDamaged']);
    assert.equal(status?.phase, 'Failed');
    assert.match(status.message ?? '', /the bucket is full See "kubectl logs -n .* job\/now-/);
    const cluster = await readCluster(lab.client, namespace);
    assert.equal(conditionOf(cluster, 'BackupHealthy')?.reason, 'NotConfigured');
    assert.equal(conditionOf(cluster, 'Ready')?.status, 'True');
  });

  it('succeeds without figures when its pod is gone', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, withVolume);
    await bringUp(lab.client, namespace);
    await createBackup(lab.client, namespace);
    await untilJob(lab.client, namespace, 'backup');
    await finishJobs(lab.client, namespace);
    const { status } = await untilTask(reading(namespace), ['Complete', 'Succeeded']);
    assert.equal(status?.rows, undefined);
  });

  it('is begun once, however often the operator dies', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, withVolume);
    await bringUp(lab.client, namespace);
    await createBackup(lab.client, namespace);
    const job = await untilJob(lab.client, namespace, 'backup');
    // As if it had died between the Job and the status.
    await lab.client.patch(backups, { namespace, name: 'now' }, { status: null }, { subresource: 'status' });
    const { status } = await untilTask(reading(namespace), ['Reconciling', 'Running']);
    assert.equal(status?.job, job.metadata.name);
    assert.deepEqual(status?.place, { volume: { claimName: 'chat-backups' } });
    assert.equal((await listJobs(lab.client, namespace, 'backup')).length, 1);
    await lab.client.delete(backups, { namespace, name: 'now' });
    await eventually(async () => (await lab.client.find(backups, { namespace, name: 'now' })) === undefined);
    const owners = (await lab.client.get(jobs, { namespace, name: job.metadata.name })).metadata.ownerReferences;
    assert.deepEqual(
      owners?.map(({ kind, name }) => [kind, name]),
      [['ChatClusterBackup', 'now']],
      'the garbage collector takes the Job with it',
    );
  });
});
