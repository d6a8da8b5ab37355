import type { KubernetesObject } from '../types.ts';

export interface OperatorOptions {
  namespace: string;
  /** Of every object. @default chatcluster-operator */
  name?: string;
  /** The release: tag of the operator's image, and what a ChatCluster without `spec.version` runs. */
  version: string;
  /** Without tag. @default chatcluster/operator */
  image?: string;
  /** Of all images. @default IfNotPresent */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** @default none */
  imagePullSecrets?: string[];
  /** One leads, the others stand by. @default 2 */
  replicas?: number;
  /** Empty: all namespaces, with a ClusterRoleBinding. Else a RoleBinding in each of these. @default [] */
  watchNamespaces?: string[];
  /**
   * Where it may read Secrets, so that pods are rolled when one changes. Elsewhere it can only make and remove those that it
   * generates. With `watchNamespaces` these are exactly those; otherwise the operator's own is a good choice. @default the own namespace
   */
  secretNamespaces?: string[];
  /** Without tag. @default chatcluster/server */
  serverImage?: string;
  /** @default chatcluster/postgres:18 */
  postgresImage?: string;
  /** @default chatcluster/redis:7 */
  redisImage?: string;
  /** @default info */
  logLevel?: string;
  /** @default { requests: { cpu: 50m, memory: 128Mi }, limits: { memory: 384Mi } } */
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  /** @default true */
  networkPolicy?: boolean;
  /** Needs the CRDs of the Prometheus operator. @default false */
  serviceMonitor?: boolean;
  /** Put on every object. @default app.kubernetes.io/managed-by: cdk8s */
  labels?: Record<string, string>;
  nodeSelector?: Record<string, string>;
  tolerations?: object[];
  affinity?: object;
  priorityClassName?: string;
}

export type ResolvedOptions = Required<Omit<OperatorOptions, 'nodeSelector' | 'tolerations' | 'affinity' | 'priorityClassName'>> &
  Pick<OperatorOptions, 'nodeSelector' | 'tolerations' | 'affinity' | 'priorityClassName'>;

export function resolveOptions(options: OperatorOptions): ResolvedOptions {
  return {
    name: 'chatcluster-operator',
    image: 'chatcluster/operator',
    imagePullPolicy: 'IfNotPresent',
    imagePullSecrets: [],
    replicas: 2,
    watchNamespaces: [],
    serverImage: 'chatcluster/server',
    postgresImage: 'chatcluster/postgres:18',
    redisImage: 'chatcluster/redis:7',
    logLevel: 'info',
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '384Mi' } },
    networkPolicy: true,
    serviceMonitor: false,
    labels: { 'app.kubernetes.io/managed-by': 'cdk8s' },
    ...options,
    secretNamespaces: options.watchNamespaces?.length ? options.watchNamespaces : (options.secretNamespaces ?? [options.namespace]),
  };
}

export function selectorOf({ name }: ResolvedOptions): Record<string, string> {
  return { 'app.kubernetes.io/name': 'chatcluster-operator', 'app.kubernetes.io/instance': name };
}

/** `namespace: null` for what lives outside of namespaces. */
export function object(
  options: ResolvedOptions,
  type: string,
  body: object,
  at: { name?: string; namespace?: string | null } = {},
): KubernetesObject {
  const { name = options.name, namespace = options.namespace } = at;
  const split = type.lastIndexOf('/');
  return {
    apiVersion: type.slice(0, split),
    kind: type.slice(split + 1),
    metadata: { name, ...(namespace !== null && { namespace }), labels: { ...options.labels, ...selectorOf(options) } },
    ...body,
  };
}
