import { renderChatCluster } from '@chatcluster/cdk8s/render';
import type { KubernetesObject } from '@chatcluster/cdk8s/types';
import { adminLinkAnnotation, secretVersionAnnotation } from '../apply/generated-secrets.ts';
import { labels } from '../controller/kinds.ts';
import { factsFor } from '../decide/facts.ts';
import { type ReleasePlan, releaseAnnotation } from '../decide/release.ts';
import { isMigration } from '../decide/restores.ts';
import { type Observed, serverRoles } from '../gather/observed.ts';

export interface Desired {
  objects: KubernetesObject[];
  /** Ids of what exists and stays as it is, though it is not rendered now. */
  kept: string[];
}

/**
 * Everything that should exist. While a new release waits for its migration, the good one is rendered, and only the Job is
 * of the new one; before the first migration the server has no Deployments.
 */
export function renderDesired(observed: Observed, release: ReleasePlan): Desired {
  const { requested, effective, migration } = release;
  const isApplied = migration.phase === 'Succeeded';
  if (effective === requested || effective === undefined) {
    const all = render(observed, { version: requested, requested, applied: isApplied });
    if (isApplied) return { objects: all.map((object) => released(object, requested)), kept: jobsToKeep(observed) };
    const isTooEarly = (object: KubernetesObject) => needsTables(object) || (migration.hold !== undefined && isMigration(object));
    return { objects: all.filter((object) => !isTooEarly(object)), kept: whatExistsOfThem(observed) };
  }
  const running = render(observed, { version: effective, requested, applied: true }).map((object) => released(object, effective));
  if (isApplied) return { objects: running, kept: jobsToKeep(observed) };
  const job = render(observed, { version: requested, requested, applied: false }).filter(({ kind }) => kind === 'Job');
  return { objects: [...running, ...job], kept: [] };
}

interface Release {
  version: string;
  requested: string;
  applied: boolean;
}

function render(observed: Observed, { version, requested, applied }: Release): KubernetesObject[] {
  const { name, namespace, uid } = observed.cluster.metadata;
  const spec = { ...observed.spec, version };
  const objects = renderChatCluster({ name, namespace, uid, spec }, factsFor(observed, { version, requested, applied }));
  return objects.map((object) => withMemory(object, observed));
}

/** What the next operator has to know of Secrets that it cannot read. */
function withMemory(object: KubernetesObject, { redisSecretVersion, adminLinkUrl }: Observed): KubernetesObject {
  const component = object.metadata.labels[labels.component];
  if (object.kind === 'StatefulSet' && component === 'redis' && redisSecretVersion !== undefined)
    return annotated(object, { [secretVersionAnnotation]: redisSecretVersion });
  if (object.kind === 'Deployment' && component === 'api' && adminLinkUrl !== undefined)
    return annotated(object, { [adminLinkAnnotation]: adminLinkUrl });
  return object;
}

function isServer({ kind, metadata }: { kind?: string; metadata: { labels?: Record<string, string> } }): boolean {
  const component = metadata.labels?.[labels.component];
  return kind === 'Deployment' && serverRoles.some((role) => role === component);
}

/** Pods of the server, and backups: there is nothing to back up yet. */
function needsTables(object: { kind?: string; metadata: { labels?: Record<string, string> } }): boolean {
  return isServer(object) || object.kind === 'CronJob';
}

function whatExistsOfThem({ children }: Observed): string[] {
  return [...children].filter(([, child]) => needsTables(child)).map(([id]) => id);
}

/** A Job that succeeded stays until the status remembers it: else a crash in between would migrate once more. */
function jobsToKeep({ cluster, children }: Observed): string[] {
  if (cluster.status?.migration?.phase === 'Succeeded') return [];
  return [...children.keys()].filter((id) => id.startsWith('Job/'));
}

function released(object: KubernetesObject, version: string): KubernetesObject {
  if (!isServer(object)) return object;
  return annotated(object, { [releaseAnnotation]: version });
}

function annotated(object: KubernetesObject, more: Record<string, string>): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...more } } };
}
