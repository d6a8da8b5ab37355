import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ChatClusterSpec, withDefaults } from '../api/index.ts';
import { findBackups } from '../decide/backups.ts';
import { observe } from '../decide/testing.ts';
import { backupHealthy } from '../status/backup.ts';
import type { View } from '../status/view.ts';
import type { UnknownObject } from '../runtime/object.ts';
import { chatClusters, jobs, ownedKinds, pods } from './kinds.ts';
import {
  bringUp,
  conditionOf,
  createCluster,
  eventually,
  finishJobs,
  type Lab,
  listChildren,
  patchSpec,
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

const cronJobs = ownedKinds.find(({ resource }) => resource.kind === 'CronJob')!.resource;
const claims = ownedKinds.find(({ resource }) => resource.kind === 'PersistentVolumeClaim')!.resource;

/** As the CronJob controller makes it. */
async function beginBackup(namespace: string, name: string): Promise<void> {
  const cronJob = (await lab.client.get(cronJobs, { namespace, name: 'chat-backup' })) as UnknownObject & {
    spec: { jobTemplate: { metadata: { labels: Record<string, string> }; spec: object } };
  };
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'chat-backup', uid: cronJob.metadata.uid, controller: true };
  await lab.client.create(jobs, {
    metadata: { name, namespace, labels: metadata.labels, ownerReferences: [owner] },
    spec,
  } as unknown as UnknownObject);
}

/** Its pod, with the last words of the program. */
async function leavePod(namespace: string, job: string, result: object): Promise<void> {
  const made = (await lab.client.get(jobs, { namespace, name: job })) as UnknownObject & {
    spec: { template: { metadata: { labels: Record<string, string> }; spec: { containers: object[] } } };
  };
  const { metadata, spec } = made.spec.template;
  const labels = { ...metadata.labels, 'batch.kubernetes.io/job-name': job };
  // Without a controller manager nobody makes the default account.
  const { serviceAccountName: _, ...rest } = spec as { serviceAccountName?: string } & typeof spec;
  await lab.client.create(pods, { metadata: { name: `${job}-pod`, namespace, labels }, spec: rest } as unknown as UnknownObject);
  const terminated = { exitCode: 65, reason: 'Error', message: `${JSON.stringify(result)}\n` };
  const containerStatuses = [{ name: 'server', ready: false, restartCount: 0, image: 'none', imageID: '', state: { terminated } }];
  await lab.client.patch(
    pods,
    { namespace, name: `${job}-pod` },
    { status: { phase: 'Failed', containerStatuses } },
    { subresource: 'status' },
  );
}

describe('regular backups', () => {
  it('are a CronJob once the database is migrated, told in the status, and their volume outlives everything', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, {
      ...smallest,
      database: { evaluation: {}, deletionPolicy: 'Delete' },
      backup: { target: { volume: {} } },
    });
    await eventually(async () => (await lab.client.list(jobs, { namespace })).items.length > 0, { deadlineMs: 30_000 });
    assert.equal((await listChildren(lab.client, namespace)).has('CronJob/chat-backup'), false, 'not before there are tables');
    await bringUp(lab.client, namespace);
    await eventually(() => lab.client.get(cronJobs, { namespace, name: 'chat-backup' }), { deadlineMs: 30_000 });
    await untilReason(lab.client, namespace, ['BackupHealthy', 'NoBackupYet']);
    await beginBackup(namespace, 'chat-backup-1');
    await finishJobs(lab.client, namespace);
    const healthy = await untilReason(lab.client, namespace, ['BackupHealthy', 'BackedUp']);
    assert.equal(healthy.status?.lastBackup?.name, 'chat-backup-1');

    await beginBackup(namespace, 'chat-backup-2');
    await leavePod(namespace, 'chat-backup-2', { ok: false, reason: 'Failed', message: 'the bucket does not answer' });
    // Dates of Jobs have seconds only.
    await eventually(() => Date.now() > Date.parse(healthy.status?.lastBackup?.time ?? '') + 1_100);
    await finishJobs(lab.client, namespace, 'Failed');
    const failed = await untilReason(lab.client, namespace, ['BackupHealthy', 'BackupFailed']);
    assert.match(conditionOf(failed, 'BackupHealthy')?.message ?? '', /the bucket does not answer.*kubectl logs -n .* job\/chat-backup-2/);
    assert.equal(failed.status?.lastBackup?.name, 'chat-backup-1');
    assert.equal(conditionOf(failed, 'Ready')?.status, 'True', 'people chat all the same');

    await patchSpec(lab.client, namespace, { backup: null });
    await eventually(async () => !(await listChildren(lab.client, namespace)).has('CronJob/chat-backup'), { deadlineMs: 30_000 });
    await lab.client.delete(chatClusters, { namespace, name: 'chat' });
    await eventually(async () => (await lab.client.find(chatClusters, { namespace, name: 'chat' })) === undefined, { deadlineMs: 60_000 });
    const left = (await lab.client.list(claims, { namespace })).items.filter(({ metadata }) => !metadata.deletionTimestamp);
    assert.deepEqual(
      left.map(({ metadata }) => [metadata.name, metadata.ownerReferences]),
      [['chat-backups', undefined]],
    );
  });

  it('name the Secret that they wait for, without holding up the chat', async () => {
    const namespace = await lab.createNamespace();
    const s3 = { bucket: 'backups', credentialsSecretRef: { name: 'bucket' } };
    await createCluster(lab.client, namespace, { ...smallest, backup: { target: { s3 } } });
    const ready = await bringUp(lab.client, namespace);
    assert.match(conditionOf(ready, 'BackupHealthy')?.message ?? '', /Secret bucket .*does not exist/);
  });
});

const minute = 60_000;
const begin = Date.parse('2026-01-01T03:00:00Z');

function healthAt(afterMs: number, last?: string): string {
  const spec: ChatClusterSpec = { ...smallest, backup: { schedule: '0 3 * * *', target: { volume: {} } } };
  const observed = observe({
    spec,
    ...(last !== undefined && { status: { lastBackup: { name: 'one', time: last } } }),
    children: { 'CronJob/chat-backup': { metadata: { name: 'chat-backup', creationTimestamp: '2026-01-01T02:59:00Z' } } },
    more: { spec: withDefaults(spec), nowMs: begin + afterMs },
  });
  return backupHealthy({ observed } as View).reason;
}

describe('a backup', () => {
  it('is overdue when two times have passed without one, since the last or since the beginning', () => {
    assert.equal(healthAt(0), 'NoBackupYet');
    assert.equal(healthAt(24 * 60 * minute - 1), 'NoBackupYet');
    assert.equal(healthAt(24 * 60 * minute), 'BackupOverdue');
    const last = '2026-01-01T03:10:00Z';
    assert.equal(healthAt(48 * 60 * minute - 1, last), 'BackedUp');
    assert.equal(healthAt(48 * 60 * minute, last), 'BackupOverdue');
  });

  it('has no next time by a schedule that is none', () => {
    const spec: ChatClusterSpec = { ...smallest, backup: { schedule: '99 99 * * *', target: { volume: {} } } };
    const { nextAtMs } = findBackups(observe({ spec, status: { lastBackup: { name: 'one', time: '2026-01-01T03:10:00Z' } } }));
    assert.equal(nextAtMs, undefined);
  });
});
