import { applyDefaults } from './schema.ts';
import { type GROUP, type KIND, type VERSION } from './crd.ts';
import { type ChatClusterSpec, type ResolvedSpec, spec } from './spec.ts';
import type { ChatClusterStatus } from './status.ts';

export { chatClusterCrd, type CustomResourceDefinition, GROUP, KIND, PLURAL, VERSION } from './crd.ts';
export type { ChatClusterSpec, ResolvedSpec } from './spec.ts';
export { type ChatClusterStatus, type Condition, type ConditionType, conditionTypes } from './status.ts';

/** A ChatCluster as the API server gives it. */
export interface ChatCluster {
  apiVersion: `${typeof GROUP}/${typeof VERSION}`;
  kind: typeof KIND;
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    generation: number;
    resourceVersion: string;
    creationTimestamp: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
  };
  spec: ChatClusterSpec;
  status?: ChatClusterStatus;
}

/** The same defaults as the API server applies; for specs that it has not seen, or stored before a default existed. */
export function withDefaults(given: ChatClusterSpec): ResolvedSpec {
  return applyDefaults(spec.schema, given) as ResolvedSpec;
}
