import { hash } from 'node:crypto';
import { labels as ownLabels } from '../controller/kinds.ts';
import type { KubeObject, ObjectMeta, UnknownObject } from '../runtime/object.ts';
import type { createShare } from './share.ts';

/**
 * What is kept of a child: a thousand ChatClusters have twenty-five thousand children. The rest of it is only needed until
 * it was compared once with what it should be.
 */
export interface Child extends KubeObject {
  /** Of everything that people may change: spec, data, labels, annotations, owners; not status, not versions. */
  fingerprint: string;
  replicas?: number;
  status?: Record<string, unknown>;
  /** As JSON, a third of the size; undefined once it was compared. */
  live: string | undefined;
}

/** Written by the Deployment controller for itself. */
const foreignAnnotation = 'deployment.kubernetes.io/revision';
const ourAnnotations = 'chatcluster.dev/';
const keptLabels = new Set<string>(Object.values(ownLabels));
/** Kinds whose status is read. */
const withStatus = new Set([
  'Deployment',
  'StatefulSet',
  'Job',
  'HTTPRoute',
  'Ingress',
  'HorizontalPodAutoscaler',
  'ScaledObject',
  'Cluster',
]);

export function hashOf(value: unknown): string {
  return hashText(JSON.stringify(value));
}

function hashText(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Everything that people may change, as JSON. */
function contentOf(object: KubeObject): string {
  const { status: _status, metadata, ...rest } = object as UnknownObject;
  const { name, namespace, labels, annotations = {}, ownerReferences, finalizers } = metadata;
  const { [foreignAnnotation]: _revision, ...kept } = annotations;
  return JSON.stringify({ ...rest, metadata: { name, namespace, labels, annotations: kept, ownerReferences, finalizers } });
}

export function fingerprintOf(object: KubeObject): string {
  return hashText(contentOf(object));
}

type Share = ReturnType<typeof createShare>;

/** For the watches of one process. */
export function createLeanChild(share: Share): (object: KubeObject) => Child {
  return (object) => leanChild(object, share);
}

function leanChild(object: KubeObject, share: Share): Child {
  const full = object as UnknownObject;
  const spec = full.spec as { replicas?: number } | undefined;
  const live = contentOf(full);
  return {
    apiVersion: full.apiVersion ?? '',
    kind: full.kind ?? '',
    metadata: leanMeta(full, share),
    fingerprint: hashText(live),
    ...(typeof spec?.replicas === 'number' && { replicas: spec.replicas }),
    ...(full.status !== undefined && withStatus.has(full.kind ?? '') && { status: full.status as Record<string, unknown> }),
    live,
  };
}

function leanMeta({ kind, metadata: full }: UnknownObject, share: Share): ObjectMeta {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, ...more } = full;
  const pick = (all: Record<string, string> | undefined, keep: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => keep(key)));
  return {
    name,
    ...(namespace && { namespace }),
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
    ...(generation !== undefined && { generation }),
    // A regular backup is overdue from its beginning on.
    ...(kind === 'CronJob' && creationTimestamp && { creationTimestamp }),
    ...(deletionTimestamp && { deletionTimestamp }),
    ...(more.ownerReferences && { ownerReferences: share(more.ownerReferences) }),
    labels: share(pick(more.labels, (key) => keptLabels.has(key))),
    annotations: pick(more.annotations, (key) => key.startsWith(ourAnnotations)),
  };
}
