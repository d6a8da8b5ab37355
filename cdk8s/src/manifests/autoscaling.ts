import type { ResolvedSpec } from '@chatcluster/operator/api/index';
import type { KubernetesObject } from '../types.ts';
import { type Context, object } from './context.ts';

/** Without the operator its engine is an HPA too, the nearest that a plain cluster has. */
export function isAutoscaled({ autoscaling: { engine } }: ResolvedSpec): boolean {
  return engine === 'Operator' || engine === 'HPA' || engine === 'KEDA';
}

function target({ cluster, n, options }: Context): object {
  // Through the ChatCluster's /scale, so that kubectl scale, the HPA and the operator speak of one number.
  if (!options.standalone) return { apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', name: cluster.name };
  return { apiVersion: 'apps/v1', kind: 'Deployment', name: n.realtime };
}

/** Kubernetes' own is 10 % too; its field is left out then, since older clusters do not know it. */
const usualTolerancePercent = 10;

function behavior({ autoscaling }: ResolvedSpec): object {
  const { scaleUp, scaleDown, tolerancePercent } = autoscaling.behavior;
  const tolerance = tolerancePercent === usualTolerancePercent ? {} : { tolerance: `${tolerancePercent * 10}m` };
  return { scaleUp: { ...scaleUp, ...tolerance }, scaleDown: { ...scaleDown, ...tolerance } };
}

/** An amount of processor time and not a share of the request: the event loop is one core, whatever is reserved. */
function cpuTarget({ autoscaling }: ResolvedSpec): string {
  return `${autoscaling.targets.eventLoopUtilizationPercent * 10}m`;
}

function horizontalPodAutoscaler(context: Context): KubernetesObject {
  const { spec } = context.cluster;
  const body = {
    scaleTargetRef: target(context),
    minReplicas: spec.autoscaling.minReplicas,
    maxReplicas: spec.autoscaling.maxReplicas,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: cpuTarget(spec) } } }],
    behavior: behavior(spec),
  };
  return object(context, ['autoscaling/v2/HorizontalPodAutoscaler', context.n.realtime], { spec: body }, { component: 'realtime' });
}

function trigger({ cluster, facts, options }: Context): object {
  if (options.standalone) return { type: 'cpu', metricType: 'AverageValue', metadata: { value: cpuTarget(cluster.spec) } };
  const url = facts.scalerUrl ?? `http://chatcluster-operator.chatcluster-system.svc:9090/scaling/${cluster.namespace}/${cluster.name}`;
  // The operator says how many pods it wants; with a target of one per pod KEDA asks for exactly that.
  return { type: 'metrics-api', metricType: 'AverageValue', metadata: { url, valueLocation: 'desired', targetValue: '1' } };
}

function scaledObject(context: Context): KubernetesObject {
  const { spec } = context.cluster;
  const body = {
    scaleTargetRef: target(context),
    pollingInterval: 15,
    minReplicaCount: spec.autoscaling.minReplicas,
    maxReplicaCount: spec.autoscaling.maxReplicas,
    advanced: {
      horizontalPodAutoscalerConfig: {
        behavior: { scaleUp: spec.autoscaling.behavior.scaleUp, scaleDown: spec.autoscaling.behavior.scaleDown },
      },
    },
    triggers: [trigger(context)],
  };
  return object(context, ['keda.sh/v1alpha1/ScaledObject', context.n.realtime], { spec: body }, { component: 'realtime' });
}

export function autoscaler(context: Context): KubernetesObject[] {
  const { engine } = context.cluster.spec.autoscaling;
  if (engine === 'KEDA') return context.facts.capabilities.keda ? [scaledObject(context)] : [];
  const isHpa = engine === 'HPA' || (engine === 'Operator' && context.options.standalone);
  return isHpa ? [horizontalPodAutoscaler(context)] : [];
}
