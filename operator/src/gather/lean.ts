import { createHash } from 'node:crypto';
import type { KubeObject, UnknownObject } from '../runtime/object.ts';

/**
 * What is kept of a child: a thousand ChatClusters have fifteen thousand children. The rest of it is only needed until it
 * was compared once with what it should be.
 */
export interface Child extends KubeObject {
  /** Of everything that people may change: spec, data, labels, annotations, owners; not status, not versions. */
  fingerprint: string;
  replicas?: number;
  status?: Record<string, unknown>;
  live?: UnknownObject;
}

/** Written by the Deployment controller for itself. */
const foreignAnnotation = 'deployment.kubernetes.io/revision';

export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}

export function fingerprintOf(object: KubeObject): string {
  const { status: _status, metadata, ...rest } = object as UnknownObject;
  const { labels, annotations = {}, ownerReferences, finalizers } = metadata;
  const { [foreignAnnotation]: _revision, ...kept } = annotations;
  return hashOf([rest, labels, kept, ownerReferences, finalizers]);
}

export function leanChild(object: KubeObject): Child {
  const full = object as UnknownObject;
  const { managedFields: _managedFields, ...metadata } = full.metadata;
  const spec = full.spec as { replicas?: number } | undefined;
  return {
    apiVersion: full.apiVersion ?? '',
    kind: full.kind ?? '',
    metadata,
    fingerprint: fingerprintOf(full),
    ...(typeof spec?.replicas === 'number' && { replicas: spec.replicas }),
    ...(full.status !== undefined && { status: full.status as Record<string, unknown> }),
    live: full,
  };
}
