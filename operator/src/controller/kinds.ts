import {
  BACKUP_KIND,
  type ChatCluster,
  type ChatClusterBackup,
  type ChatClusterRestore,
  GROUP,
  KIND,
  PLURAL,
  RESTORE_KIND,
  VERSION,
} from '../api/index.ts';
import { defineResource, type KubeObject, type Resource } from '../runtime/object.ts';

/** APIs that may or may not be installed. */
export const capabilityNames = ['gatewayApi', 'serviceMonitor', 'prometheusRule', 'cloudNativePG', 'keda'] as const;
export type Capability = (typeof capabilityNames)[number];
export type Capabilities = Record<Capability, boolean>;

export interface OwnedKind {
  resource: Resource<KubeObject>;
  /** Only watched where this is installed. */
  needs?: Capability;
}

function namespaced(apiVersion: string, kind: string, plural: string): Resource<KubeObject> {
  return defineResource<KubeObject>({ apiVersion, kind, plural, namespaced: true });
}

export const deployments = namespaced('apps/v1', 'Deployment', 'deployments');
export const jobs = namespaced('batch/v1', 'Job', 'jobs');
export const pods = namespaced('v1', 'Pod', 'pods');
export const secrets = namespaced('v1', 'Secret', 'secrets');
export const chatClusters = defineResource<ChatCluster & KubeObject>({
  apiVersion: `${GROUP}/${VERSION}`,
  kind: KIND,
  plural: PLURAL,
  namespaced: true,
});

export const backups = defineResource<ChatClusterBackup & KubeObject>({
  apiVersion: `${GROUP}/${VERSION}`,
  kind: BACKUP_KIND,
  plural: 'chatclusterbackups',
  namespaced: true,
});
export const restores = defineResource<ChatClusterRestore & KubeObject>({
  apiVersion: `${GROUP}/${VERSION}`,
  kind: RESTORE_KIND,
  plural: 'chatclusterrestores',
  namespaced: true,
});

/** Everything that is rendered, applied, watched and pruned. */
export const ownedKinds: OwnedKind[] = [
  { resource: namespaced('v1', 'ConfigMap', 'configmaps') },
  { resource: namespaced('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims') },
  { resource: namespaced('v1', 'Service', 'services') },
  { resource: namespaced('v1', 'ServiceAccount', 'serviceaccounts') },
  { resource: deployments },
  { resource: namespaced('apps/v1', 'StatefulSet', 'statefulsets') },
  { resource: namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers') },
  { resource: namespaced('batch/v1', 'CronJob', 'cronjobs') },
  { resource: jobs },
  { resource: namespaced('networking.k8s.io/v1', 'Ingress', 'ingresses') },
  { resource: namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies') },
  { resource: namespaced('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets') },
  { resource: namespaced('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'), needs: 'gatewayApi' },
  { resource: namespaced('keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects'), needs: 'keda' },
  { resource: namespaced('monitoring.coreos.com/v1', 'ServiceMonitor', 'servicemonitors'), needs: 'serviceMonitor' },
  { resource: namespaced('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules'), needs: 'prometheusRule' },
  { resource: namespaced('postgresql.cnpg.io/v1', 'Cluster', 'clusters'), needs: 'cloudNativePG' },
];

export function ownedKindOf({ apiVersion, kind }: KubeObject): OwnedKind | undefined {
  return ownedKinds.find(({ resource }) => resource.kind === kind && resource.apiVersion === apiVersion);
}

export const labels = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const managerName = 'chatcluster-operator';
export const autoscalerName = 'chatcluster-autoscaler';
export const appName = 'chatcluster';

/** `namespace/name` of the ChatCluster that an object belongs to, by its labels. */
export function clusterKeyOf({ metadata }: KubeObject): string | undefined {
  const instance = metadata.labels?.[labels.instance];
  if (instance === undefined || metadata.labels?.[labels.name] !== appName) return undefined;
  return `${metadata.namespace}/${instance}`;
}

/** `Kind/name`: kinds that we own have different names. */
export function childId({ kind, metadata }: { kind?: string; metadata: { name: string } }): string {
  return `${kind}/${metadata.name}`;
}
