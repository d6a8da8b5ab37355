import { renderTask } from '@chatcluster/cdk8s/render';
import type { KubernetesObject } from '@chatcluster/cdk8s/types';
import { GROUP, VERSION } from '../api/index.ts';
import { applyObject } from '../apply/apply-object.ts';
import { createLedger } from '../apply/ledger.ts';
import type { TaskResource } from '../controller/task-store.ts';
import { elsewhereAnnotation } from '../decide/backups.ts';
import { factsFor } from '../decide/facts.ts';
import type { Observed } from '../gather/observed.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { jobNameOf, type Run, stuck, toBackupPlace, wait } from './plan.ts';
import { placeAnnotation } from './progress.ts';
import type { Outcome } from './status.ts';

interface Beginning {
  role: 'backup' | 'restore';
  task: TaskResource;
  world: Observed;
  plan: Run;
}

/** Makes what it needs, the Job last; what is there already is found, whoever of us made it. */
export async function begin(client: KubeClient, beginning: Beginning, signal: AbortSignal): Promise<Outcome> {
  const { task, world, plan } = beginning;
  const { name, namespace, uid } = task.metadata;
  // Nothing is remembered of them: what is there is found by looking.
  const apply = { client, ledger: createLedger(), signal };
  for (const object of render(beginning)) {
    const child = world.children.get(`${object.kind}/${object.metadata.name}`);
    const target = { key: `${namespace}/${name}`, owner: { name, uid, kind: task.kind }, object, child };
    const outcome = await applyObject(apply, target);
    if (outcome.state === 'foreign') return stuck('ForeignObject', outcome.message);
    if (outcome.state === 'refused') return stuck('ApplyRefused', outcome.message);
    if (outcome.state === 'waiting') return wait('WaitingForObject', `The ${object.kind} ${object.metadata.name} is on its way out.`);
  }
  return { state: 'running', job: jobNameOf(task), place: plan.place, message: `The Job ${jobNameOf(task)} runs.` };
}

function render({ role, task, world, plan }: Beginning): KubernetesObject[] {
  const { metadata } = world.cluster;
  const { version, place, backup, isElsewhere } = plan;
  const spec = { ...world.spec, version };
  const facts = factsFor(world, { version, requested: world.spec.version ?? world.settings.version, applied: true });
  const { name, uid } = task.metadata;
  const owner = { apiVersion: `${GROUP}/${VERSION}`, kind: task.kind, name, uid, controller: true, blockOwnerDeletion: true };
  const annotations = { [placeAnnotation]: JSON.stringify(place), ...(isElsewhere && { [elsewhereAnnotation]: 'true' }) };
  const job = {
    role,
    job: jobNameOf(task),
    place: toBackupPlace(place),
    owner,
    annotations,
    ...(backup !== undefined && { backup }),
  };
  return renderTask({ name: metadata.name, namespace: metadata.namespace, spec }, facts, job);
}
