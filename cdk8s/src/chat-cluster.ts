import { type ChatClusterSpec, GROUP, KIND, VERSION } from '@chatcluster/operator/api/index';
import { validateChatCluster } from '@chatcluster/operator/api/validate';
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

export interface ChatClusterProps {
  /** @default name: the id of the construct; namespace: that of the chart */
  metadata?: { name?: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: ChatClusterSpec;
}

/**
 * A ChatCluster for an operator that is installed. Its spec is typed, and checked when the chart is rendered, with the messages
 * that `kubectl apply` would give. Without the operator use `ChatClusterManifests`.
 */
export class ChatCluster extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, spec }: ChatClusterProps) {
    const object = { apiVersion: `${GROUP}/${VERSION}`, kind: KIND, metadata: { name: id, ...metadata }, spec };
    super(scope, id, object);
    this.node.addValidation({ validate: () => validateChatCluster(object) });
  }
}
