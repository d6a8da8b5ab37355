import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { listObjects } from './render.ts';
import type { ClusterInput, Facts, RenderOptions } from './types.ts';

export interface ChatClusterManifestsProps {
  cluster: ClusterInput;
  facts: Facts;
  options?: RenderOptions;
}

/** Every object of a ChatCluster as constructs. Names, labels and selectors come from `cluster` alone, never from the path. */
export class ChatClusterManifests extends Construct {
  constructor(scope: Construct, id: string, { cluster, facts, options }: ChatClusterManifestsProps) {
    super(scope, id);
    for (const made of listObjects(cluster, facts, options)) new ApiObject(this, `${made.kind}-${made.metadata.name}`, made);
  }
}
