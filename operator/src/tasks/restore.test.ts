import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { chatClusters, jobs, restores, secrets } from '../controller/kinds.ts';
import {
  bringUp,
  conditionOf,
  createCluster,
  eventually,
  finishJobs,
  type Lab,
  listChildren,
  readCluster,
  rollOut,
  settle,
  smallest,
  startLab,
  untilReason,
} from '../controller/testing.ts';
import type { UnknownObject } from '../runtime/object.ts';
import { createBackup, createRestore, envOf, leavePod, listJobs, readRestore, untilJob, untilTask } from './testing.ts';

let lab: Lab;
before(async () => {
  lab = await startLab();
  lab.startOperator();
});
after(() => lab[Symbol.asyncDispose]());

const clusterRef = { name: 'chat' };
const volume = { claimName: 'old-backups' };
const reading = (namespace: string, name?: string) => () => readRestore(lab.client, namespace, name);
const words = { location: '/backups', tables: 40, rows: 120, conversations: 7, startedAt: '2026-01-01T00:00:00Z', epoch: 3 };

/** Postgres is up; the Job begins. */
function untilBegun(namespace: string) {
  return eventually(async () => {
    await rollOut(lab.client, namespace);
    return (await listJobs(lab.client, namespace, 'restore'))[0];
  });
}

async function endWell(namespace: string, name: string): Promise<void> {
  const job = await untilJob(lab.client, namespace, 'restore');
  await leavePod(lab.client, job, { ok: true, name, ...words } as { ok: boolean });
  await finishJobs(lab.client, namespace);
}

describe('a ChatClusterRestore', () => {
  for (const order of ['the ChatCluster first', 'the restore first'] as const) {
    it(`holds a new ChatCluster back until it has succeeded, ${order}`, async () => {
      const namespace = await lab.createNamespace();
      if (order === 'the restore first') {
        await createRestore(lab.client, namespace, { clusterRef, source: { volume, backup: 'monday' } });
        await untilTask(reading(namespace), ['Reconciling', 'WaitingForCluster']);
      }
      await createCluster(lab.client, namespace);
      if (order === 'the ChatCluster first') {
        await untilJob(lab.client, namespace, 'migrate');
        await createRestore(lab.client, namespace, { clusterRef, source: { volume, backup: 'monday' } });
      }
      await untilReason(lab.client, namespace, ['MigrationsApplied', 'Restoring']);
      const job = await untilBegun(namespace);
      assert.deepEqual([envOf(job).ROLE, envOf(job).BACKUP_NAME, envOf(job).BACKUP_DIR], ['restore', 'monday', '/backups']);
      assert.deepEqual(await listJobs(lab.client, namespace, 'migrate'), []);
      const children = [...(await listChildren(lab.client, namespace)).keys()];
      assert.ok(!children.some((id) => id.startsWith('Deployment/')), children.join(', '));
      await endWell(namespace, 'monday');
      const { status } = await untilTask(reading(namespace), ['Complete', 'Succeeded']);
      assert.deepEqual(
        [status?.phase, status?.rows, status?.tables, status?.conversations, status?.takenAt, status?.backup],
        ['Succeeded', 120, 40, 7, '2026-01-01T00:00:00Z', 'monday'],
      );
      await untilJob(lab.client, namespace, 'migrate');
      await finishJobs(lab.client, namespace);
      await settle(lab.client, namespace);
    });
  }

  it('never overwrites a chat', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    await bringUp(lab.client, namespace);
    await createRestore(lab.client, namespace, { clusterRef, source: { volume } });
    const { status } = await untilTask(reading(namespace), ['Stalled', 'ClusterNotNew']);
    assert.equal(status?.phase, 'Failed');
    assert.match(status.message ?? '', /names a new ChatCluster/);
    assert.deepEqual(await listJobs(lab.client, namespace, 'restore'), []);
    assert.equal(conditionOf(await settle(lab.client, namespace), 'Stalled')?.status, 'False');
  });

  it('that failed keeps the chat from starting empty, until another succeeds or it is deleted', async () => {
    const namespace = await lab.createNamespace();
    await createRestore(lab.client, namespace, { clusterRef, source: { volume } });
    await createCluster(lab.client, namespace);
    const job = await untilBegun(namespace);
    assert.equal(envOf(job).BACKUP_NAME, undefined, 'the newest');
    await leavePod(lab.client, job, { ok: false, reason: 'BackupNotFound', message: 'There is no complete backup.' } as { ok: boolean });
    await finishJobs(lab.client, namespace, 'Failed');
    await untilTask(reading(namespace), ['Stalled', 'BackupNotFound']);
    const held = await untilReason(lab.client, namespace, ['Stalled', 'RestoreFailed']);
    assert.match(conditionOf(held, 'Stalled')?.message ?? '', /There is no complete backup\..*Make another one, or delete it/);
    assert.deepEqual(await listJobs(lab.client, namespace, 'migrate'), []);
    await createRestore(lab.client, namespace, { clusterRef, source: { volume, backup: 'other' } }, 'again');
    await untilTask(reading(namespace, 'again'), ['Reconciling', 'Running']);
    await lab.client.delete(restores, { namespace, name: 'again' });
    await lab.client.delete(restores, { namespace, name: 'back' });
    await untilJob(lab.client, namespace, 'migrate');
    await untilReason(lab.client, namespace, ['Stalled', 'AsExpected']);
  });

  it('waits for the backup that it names, and for what its ChatCluster lacks', async () => {
    const namespace = await lab.createNamespace();
    const s3 = { bucket: 'backups', credentialsSecretRef: { name: 'bucket' } };
    await createCluster(lab.client, namespace, { ...smallest, backup: { target: { s3 } } }, 'old');
    await createRestore(lab.client, namespace, { clusterRef, source: { backupRef: { name: 'now' } } });
    await createCluster(lab.client, namespace);
    await createBackup(lab.client, namespace, { clusterRef: { name: 'old' } });
    await untilReason(lab.client, namespace, ['MigrationsApplied', 'Restoring']);
    const stringData = { ACCESS_KEY_ID: 'a', ACCESS_SECRET_KEY: 'b' };
    await lab.client.create(secrets, { metadata: { namespace, name: 'bucket' }, stringData } as UnknownObject);
    await eventually(async () => {
      await rollOut(lab.client, namespace);
      return (await readRestore(lab.client, namespace)).status?.conditions?.some(({ reason }) => reason === 'WaitingForBackup');
    });
    await eventually(async () => {
      // The database of the old one may come up last.
      await rollOut(lab.client, namespace);
      return (await listJobs(lab.client, namespace, 'migrate')).length > 0;
    });
    await finishJobs(lab.client, namespace);
    const backup = await untilJob(lab.client, namespace, 'backup');
    await leavePod(lab.client, backup, { ok: true, name: backup.metadata.name, rows: 1, bytes: 2, conversations: 0 } as { ok: boolean });
    await finishJobs(lab.client, namespace);
    const job = await untilBegun(namespace);
    assert.deepEqual(
      [envOf(job).BACKUP_NAME, envOf(job).BACKUP_S3_BUCKET, envOf(job).BACKUP_S3_PREFIX],
      [backup.metadata.name, 'backups', `${namespace}/old`],
    );
    await lab.client.delete(chatClusters, { namespace, name: 'chat' });
    const { status } = await untilTask(reading(namespace), ['Stalled', 'ClusterDeleted']);
    assert.equal(status?.phase, 'Failed');
    await eventually(async () => (await lab.client.find(jobs, { namespace, name: job.metadata.name })) === undefined, {
      describe: () => 'its Job goes on',
    });
    await eventually(async () => (await lab.client.find(chatClusters, { namespace, name: 'chat' })) === undefined);
    // What ended for the earlier one holds up nobody.
    await createCluster(lab.client, namespace);
    await untilJob(lab.client, namespace, 'migrate');
    assert.notEqual(conditionOf(await readCluster(lab.client, namespace), 'MigrationsApplied')?.reason, 'RestoreFailed');
  });

  it('lets only one go at a time into one ChatCluster', async () => {
    const namespace = await lab.createNamespace();
    await createRestore(lab.client, namespace, { clusterRef, source: { volume, backup: 'one' } }, 'a');
    await createRestore(lab.client, namespace, { clusterRef, source: { volume, backup: 'two' } }, 'b');
    await createCluster(lab.client, namespace);
    await untilTask(reading(namespace, 'b'), ['Reconciling', 'WaitingForAnother']);
    await untilBegun(namespace);
    await endWell(namespace, 'one');
    await untilTask(reading(namespace, 'a'), ['Complete', 'Succeeded']);
    await finishJobs(lab.client, namespace);
    await untilTask(reading(namespace, 'b'), ['Stalled', 'ClusterNotNew']);
    assert.equal((await listJobs(lab.client, namespace, 'restore')).length, 1);
  });
});
