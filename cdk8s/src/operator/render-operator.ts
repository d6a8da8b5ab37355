import { ApiObject, App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import type { KubernetesObject } from '../types.ts';
import { operatorAccess } from './access.ts';
import { operatorNetworkPolicy, operatorServiceMonitor } from './network.ts';
import { type OperatorOptions, resolveOptions } from './options.ts';
import { operatorDeployment, operatorDisruptionBudget, operatorService } from './workload.ts';

/** The operator itself, without the CRDs. */
export class ChatClusterOperator extends Construct {
  constructor(scope: Construct, id: string, given: OperatorOptions) {
    super(scope, id);
    const options = resolveOptions(given);
    const objects = [
      ...operatorAccess(options),
      operatorService(options),
      operatorDeployment(options),
      operatorDisruptionBudget(options),
      ...(options.networkPolicy ? [operatorNetworkPolicy(options)] : []),
      ...(options.serviceMonitor ? [operatorServiceMonitor(options)] : []),
    ];
    for (const made of objects) new ApiObject(this, `${made.kind}-${made.metadata.namespace ?? ''}-${made.metadata.name}`, made);
  }
}

/** Pure. The Helm chart must render the same. */
export function renderOperator(options: OperatorOptions): KubernetesObject[] {
  const chart = new Chart(new App(), 'operator');
  new ChatClusterOperator(chart, 'operator', options);
  return chart.toJson() as KubernetesObject[];
}
