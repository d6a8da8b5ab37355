import type { KubernetesObject } from '@chatcluster/cdk8s/types';
import { childId, managerName, ownedKindOf } from '../controller/kinds.ts';
import { type Child, fingerprintOf, hashOf } from '../gather/lean.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { type ApiError, isForbidden, isInvalid, isNamespaceTerminating } from '../runtime/errors.ts';
import type { KubeObject } from '../runtime/object.ts';
import { isSubset } from './is-subset.ts';
import type { Ledger } from './ledger.ts';
import { overwriteLists } from './overwrite.ts';
import { type Owner, ownershipOf } from './ownership.ts';

export interface ApplyDeps {
  client: KubeClient;
  ledger: Ledger;
  signal: AbortSignal;
}

export interface Target {
  key: string;
  owner: Owner;
  object: KubernetesObject;
  /** What the cache has of it. */
  child: Child | undefined;
}

export type Outcome =
  | { state: 'same' }
  | { state: 'written'; object: KubeObject }
  /** It is on its way out; its end wakes us. */
  | { state: 'waiting' }
  | { state: 'foreign'; message: string }
  /** The API server would refuse it again. */
  | { state: 'refused'; message: string };

/** Of the object as it was rendered: tells after a restart that fields may have to go. */
export const appliedAnnotation = 'chatcluster.dev/applied';

/** Brings one object to what it should be, with as few calls as possible: none when it is. */
export async function applyObject(deps: ApplyDeps, target: Target): Promise<Outcome> {
  const hash = hashOf(target.object);
  const { key, object, child } = target;
  const id = childId(object);
  const entry = deps.ledger.get(key, id);
  if (entry?.hash === hash && entry.behind === (child?.metadata.resourceVersion ?? '')) return { state: 'same' };
  if (child === undefined) return create(deps, target, hash);
  if (child.metadata.deletionTimestamp) return { state: 'waiting' };
  const ownership = ownershipOf(child, target.owner);
  if (ownership !== 'ours') return ownership === 'leftover' ? { state: 'waiting' } : foreign(object);
  // What a Job does cannot be changed; another release has another Job.
  if (object.kind === 'Job') return { state: 'same' };
  const applied = child.metadata.annotations?.[appliedAnnotation];
  const isKnown = entry?.hash === hash && entry.fingerprint === child.fingerprint;
  if (isKnown || (applied === hash && child.live !== undefined && isSubset(object, JSON.parse(child.live)))) {
    // The texts of the cache, though these are equal: one of each is enough.
    deps.ledger.set(key, id, { hash: applied === hash ? applied : hash, fingerprint: child.fingerprint });
    return settled(child);
  }
  return write(deps, target, hash);
}

/** It was compared; the rest of it is not needed any more. */
function settled(child: Child): Outcome {
  child.live = undefined;
  return { state: 'same' };
}

/** The cache only has what is labelled as ours, so somebody else's object of that name has to be looked for. */
async function create(deps: ApplyDeps, target: Target, hash: string): Promise<Outcome> {
  const { object, owner } = target;
  const existing = await deps.client.find(resourceOf(object), refOf(object), { signal: deps.signal });
  if (existing !== undefined) {
    if (existing.metadata.deletionTimestamp) return { state: 'waiting' };
    const ownership = ownershipOf(existing, owner);
    if (ownership !== 'ours') return ownership === 'leftover' ? { state: 'waiting' } : foreign(object);
  }
  return write(deps, target, hash);
}

async function write(deps: ApplyDeps, target: Target, hash: string): Promise<Outcome> {
  const { key, object, child } = target;
  try {
    const written = await apply(deps, target, hash);
    const behind = child?.metadata.resourceVersion ?? '';
    // Nothing was changed, so no event will come.
    const isSame = written.metadata.resourceVersion === behind;
    deps.ledger.set(key, childId(object), { hash, fingerprint: fingerprintOf(written), ...(!isSame && { behind }) });
    return isSame ? { state: 'same' } : { state: 'written', object: written };
  } catch (error) {
    if (isInvalid(error) || (isForbidden(error) && !isNamespaceTerminating(error))) {
      return { state: 'refused', message: `${object.kind} ${object.metadata.name} was refused: ${(error as ApiError).message}` };
    }
    throw error;
  }
}

async function apply({ client, signal }: ApplyDeps, { object, child }: Target, hash: string): Promise<KubeObject> {
  const annotations = { ...object.metadata.annotations, [appliedAnnotation]: hash };
  const manifest = { ...object, metadata: { ...object.metadata, annotations } };
  const resource = resourceOf(object);
  const options = { fieldManager: managerName, signal };
  try {
    return await client.apply(resource, manifest, options);
  } catch (error) {
    if (!isInvalid(error) || child === undefined || object.spec === undefined) throw error;
    await overwriteLists({ client, signal }, { resource, ref: refOf(object), object, uid: child.metadata.uid });
    return await client.apply(resource, manifest, options);
  }
}

function foreign({ kind, metadata }: KubernetesObject): Outcome {
  const message = `${kind} ${metadata.name} exists and is not part of this ChatCluster, so it is left alone. Delete or rename it, or give the ChatCluster another name.`;
  return { state: 'foreign', message };
}

function resourceOf(object: KubernetesObject) {
  const kind = ownedKindOf(object);
  if (kind === undefined) throw new TypeError(`${object.apiVersion} ${object.kind} is rendered, but not among the kinds that are watched`);
  return kind.resource;
}

function refOf({ metadata }: KubernetesObject) {
  return { name: metadata.name, ...(metadata.namespace && { namespace: metadata.namespace }) };
}
