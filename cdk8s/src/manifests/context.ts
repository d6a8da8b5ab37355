import { createHash } from 'node:crypto';
import type { ClusterNames } from '../names.ts';
import type { ClusterInput, Facts, KubernetesObject, OwnerReference, RenderOptions } from '../types.ts';

export type Component = 'realtime' | 'api' | 'worker' | JobRole | 'postgres' | 'redis';
/** The roles that run all the time. */
export type Role = 'realtime' | 'api' | 'worker';
/** Those that do one thing and end. */
export type JobRole = 'migrate' | 'backup' | 'restore';
export const roles: readonly Role[] = ['realtime', 'api', 'worker'];

/** What every builder gets; `n` are the names. */
export interface Context {
  cluster: ClusterInput;
  facts: Facts;
  options: RenderOptions;
  n: ClusterNames;
}

export const HTTP_PORT = 8080;
export const ADMIN_PORT = 9090;
export const POSTGRES_PORT = 5432;
export const REDIS_PORT = 6379;

/**
 * Written out and never derived from where a construct sits: selectors that follow the construct path let two clusters that
 * are rendered under one id adopt each other's pods.
 */
export function selectorOf({ cluster }: Context, component: Component): Record<string, string> {
  return { ...instanceOf(cluster.name), 'app.kubernetes.io/component': component };
}

/** Every pod of the cluster. */
export function instanceOf(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'chatcluster', 'app.kubernetes.io/instance': name };
}

function labelsOf(context: Context, component?: Component): Record<string, string> {
  return {
    ...instanceOf(context.cluster.name),
    ...(component && { 'app.kubernetes.io/component': component }),
    'app.kubernetes.io/managed-by': context.options.standalone ? 'cdk8s' : 'chatcluster-operator',
  };
}

function ownersOf({ name, uid }: ClusterInput): OwnerReference[] {
  if (uid === undefined) return [];
  return [{ apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', name, uid, controller: true, blockOwnerDeletion: true }];
}

interface ObjectOptions {
  component?: Component;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  /** What holds data; without an owner it outlives the ChatCluster. */
  isData?: boolean;
  /** It never has an owner, whatever deletionPolicy says. */
  isKept?: boolean;
  /** In place of the ChatCluster. */
  owner?: OwnerReference;
}

/** The type is written as in `apps/v1/Deployment`. */
export function object(context: Context, [type, name]: [string, string], body: object, options: ObjectOptions = {}): KubernetesObject {
  const { cluster } = context;
  const at = type.lastIndexOf('/');
  const isFree = options.isKept || (options.isData && cluster.spec.database.deletionPolicy === 'Retain');
  const owners = options.owner ? [options.owner] : isFree ? [] : ownersOf(cluster);
  return {
    apiVersion: type.slice(0, at),
    kind: type.slice(at + 1),
    metadata: {
      name,
      namespace: cluster.namespace,
      labels: { ...options.labels, ...labelsOf(context, options.component) },
      ...(options.annotations && { annotations: options.annotations }),
      ...(owners.length > 0 && { ownerReferences: owners }),
    },
    ...body,
  };
}

export function isServing(role: Role | JobRole): role is Role {
  return roles.some((one) => one === role);
}

/** Labels of pods: those that selectors need, and who made them. */
export function podLabels(context: Context, component: Component, more: Record<string, string> = {}): Record<string, string> {
  return { ...more, ...labelsOf(context, component) };
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** Leaves out what is undefined, so that objects compare and print as they are sent. */
export function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
