import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Api, createApi } from './api.ts';
import { NODE_NAME } from './settings.ts';

/** Must be what manifests/storage.yaml names. */
const PROVISIONER = 'chatcluster.dev/local';
const CLASS = 'local';
const retryMs = 1_000;

export interface Claim {
  metadata: { name: string; namespace: string; uid: string; deletionTimestamp?: string };
  spec: { storageClassName?: string; volumeName?: string; accessModes: string[]; resources: { requests: { storage: string } } };
  status?: { phase?: string; capacity?: { storage?: string } };
}

export interface Volume {
  metadata: { name: string; annotations?: Record<string, string>; deletionTimestamp?: string };
  spec: { capacity: { storage: string }; claimRef?: { name: string; namespace: string; uid: string } };
  status?: { phase?: string };
}

export type Step =
  | { do: 'create'; claim: Claim }
  | { do: 'remove'; volume: Volume }
  /** Nothing limits the folder, so only the numbers change. */
  | { do: 'grow'; volume: Volume; claim: Claim };

const isOurs = ({ metadata }: Volume) => metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === PROVISIONER;
const nameFor = (claim: Claim) => `local-${claim.metadata.uid}`;

/** Pure: a folder for every claim of the class, none for those that are gone. */
export function planVolumes(claims: Claim[], volumes: Volume[]): Step[] {
  const ours = new Map(volumes.filter(isOurs).map((volume) => [volume.metadata.name, volume]));
  const steps: Step[] = [];
  for (const claim of claims.filter(({ spec, metadata }) => spec.storageClassName === CLASS && !metadata.deletionTimestamp)) {
    const volume = ours.get(nameFor(claim));
    if (!volume) steps.push({ do: 'create', claim });
    else if (claim.status?.phase === 'Bound' && claim.status.capacity?.storage !== claim.spec.resources.requests.storage)
      steps.push({ do: 'grow', volume, claim });
  }
  const removed = [...ours.values()].filter(({ status, metadata }) => status?.phase === 'Released' && !metadata.deletionTimestamp);
  return [...steps, ...removed.map((volume): Step => ({ do: 'remove', volume }))];
}

/** `local` rather than `hostPath`: kubelet gives its files to the pod's fsGroup. */
function volumeFor(claim: Claim, dir: string): unknown {
  const { name, namespace, uid } = claim.metadata;
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [NODE_NAME] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: nameFor(claim), annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
    spec: {
      capacity: { storage: claim.spec.resources.requests.storage },
      accessModes: claim.spec.accessModes,
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: CLASS,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
      local: { path: dir },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  };
}

async function grow(api: Api, volume: Volume, claim: Claim): Promise<void> {
  const { name, namespace } = claim.metadata;
  const storage = claim.spec.resources.requests.storage;
  await api.call('PATCH', `/api/v1/persistentvolumes/${volume.metadata.name}`, { spec: { capacity: { storage } } });
  await api.call('PATCH', `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}/status`, {
    status: { capacity: { storage }, conditions: [] },
  });
}

async function carryOut(api: Api, dir: string, step: Step): Promise<void> {
  if (step.do === 'create') {
    const path = join(dir, nameFor(step.claim));
    mkdirSync(path, { recursive: true });
    await api.call('POST', '/api/v1/persistentvolumes', volumeFor(step.claim, path));
  } else if (step.do === 'remove') {
    rmSync(join(dir, step.volume.metadata.name), { recursive: true, force: true });
    await api.call('DELETE', `/api/v1/persistentvolumes/${step.volume.metadata.name}`);
  } else await grow(api, step.volume, step.claim);
}

async function reconcile(api: Api, dir: string): Promise<void> {
  const list = async <T>(kind: string) => (await api.call<{ items: T[] }>('GET', `/api/v1/${kind}`)).items;
  const [claims, volumes] = await Promise.all([list<Claim>('persistentvolumeclaims'), list<Volume>('persistentvolumes')]);
  for (const step of planVolumes(claims, volumes)) await carryOut(api, dir, step);
}

/** Storage of the local node: a folder for each claim. Runs until it is ended; whatever fails is tried again. */
async function run(dir: string): Promise<void> {
  const api = createApi();
  let wake: () => void = () => undefined;
  const follow = async (kind: string) => {
    for (;;) {
      await api.watch(`/api/v1/${kind}`, () => wake()).catch((error: Error) => process.stderr.write(`${error.message}\n`));
      await delay(retryMs);
    }
  };
  void follow('persistentvolumeclaims');
  void follow('persistentvolumes');
  for (;;) {
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const done = await reconcile(api, dir).then(
      () => true,
      (error: Error) => process.stderr.write(`${error.message}\n`) && false,
    );
    await (done ? changed : delay(retryMs));
  }
}

if (import.meta.main) await run(process.argv[2] ?? '.');
