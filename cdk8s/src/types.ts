import type { ResolvedSpec } from '@chatcluster/operator/api/index';

/** A plain Kubernetes object, without status. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    /** Absent only for what lives outside of namespaces. */
    namespace?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: OwnerReference[];
  };
  [field: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller: boolean;
  blockOwnerDeletion: boolean;
}

export interface ClusterInput {
  name: string;
  namespace: string;
  /** Of the ChatCluster; absent: nothing gets an owner (synth). */
  uid?: string;
  spec: ResolvedSpec;
}

/** What only the running world can tell. */
export interface Facts {
  /** Which optional APIs the cluster has. What needs an absent one is not rendered. */
  capabilities: { gatewayApi: boolean; serviceMonitor: boolean; prometheusRule: boolean; cloudNativePG: boolean; keda: boolean };
  /** Name of a Secret or ConfigMap → hash of its content. Those that pods use are annotated on them, so that a change rolls them. */
  checksums: Record<string, string>;
  /** Connections of one pod to Postgres. */
  databasePool: number;
  /** `version` also names the Job; once `applied`, the Job is no longer rendered. */
  migration: { version: string; applied: boolean };
  /** Set only when the realtime Deployment is made; afterwards the number belongs to /scale. */
  realtimeReplicas?: number;
  serverImage: string;
  postgresImage: string;
  redisImage: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Ports of external servers, for NetworkPolicies. @default 5432, 6379, 465 and 587 */
  externalPorts?: { database?: number[]; redis?: number[]; mail?: number[] };
  /** Where KEDA asks for the wanted number of pods. @default the operator's Service in chatcluster-system */
  scalerUrl?: string;
}

/** For whom: the operator, or people who apply plain YAML. */
export interface RenderOptions {
  /** No operator: HPA and ScaledObject target the Deployment, nothing is labelled as the operator's. @default false */
  standalone?: boolean;
}
